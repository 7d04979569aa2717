package org.sparklstm.generate;

import java.util.random.RandomGenerator;
import java.util.stream.IntStream;

/**
 * Draws a word from ln p of all words.
 *
 * @param temperature τ: words are drawn from p^(1/τ), scaled to sum to 1; 0 takes the likeliest
 * @param topK only the so many likeliest words are drawn from
 * @param topP only the likeliest words are drawn from, as few as together have this probability
 *     (nucleus sampling, Holtzman et al. 2020); after {@code temperature} and {@code topK}
 */
public record Sampler(double temperature, int topK, double topP) {

  /**
   * Checks the numbers.
   *
   * @throws IllegalArgumentException if one is outside the range that the message gives
   */
  public Sampler {
    if (!(temperature >= 0) || !Double.isFinite(temperature)) {
      throw new IllegalArgumentException("The temperature must be at least 0, is " + temperature);
    }
    if (topK < 1) {
      throw new IllegalArgumentException("Top-k must be at least 1, is " + topK);
    }
    if (!(topP > 0) || topP > 1) {
      throw new IllegalArgumentException("Top-p must be in (0, 1], is " + topP);
    }
  }

  /**
   * Draws a word.
   *
   * @param logProbabilities holds ln p of each word, −∞ of those that must not be drawn
   * @param from where the [V] values begin
   * @param size V
   * @return its id; of equally likely words the one with the lowest id counts as the likelier
   */
  public int draw(float[] logProbabilities, int from, int size, RandomGenerator random) {
    int[] likeliest =
        IntStream.range(0, size)
            .filter(word -> logProbabilities[from + word] > Float.NEGATIVE_INFINITY)
            .mapToLong(word -> key(logProbabilities[from + word], word))
            .sorted()
            .limit(temperature == 0 ? 1 : topK)
            .mapToInt(key -> (int) key)
            .toArray();
    if (likeliest.length == 0) {
      throw new IllegalArgumentException("No word can be drawn");
    }
    if (likeliest.length == 1) {
      return likeliest[0];
    }
    double[] weights = new double[likeliest.length];
    double all = 0;
    for (int i = 0; i < weights.length; i++) {
      double below = logProbabilities[from + likeliest[i]] - logProbabilities[from + likeliest[0]];
      weights[i] = Math.exp(below / temperature);
      all += weights[i];
    }
    double nucleus = 0;
    int count = 0;
    while (count < weights.length && (count == 0 || nucleus < topP * all)) {
      nucleus += weights[count++];
    }
    double left = random.nextDouble() * nucleus;
    for (int i = 0; i < count; i++) {
      left -= weights[i];
      if (left < 0) {
        return likeliest[i];
      }
    }
    return likeliest[count - 1]; // rounding
  }

  /** Orders words by −ln p, which is not negative, and then by id: bits of a float, then an int. */
  private static long key(float logProbability, int word) {
    return (long) Float.floatToIntBits(Math.max(0, -logProbability)) << Integer.SIZE | word;
  }
}
