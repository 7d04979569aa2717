package org.sparklstm.engine;

import java.util.Arrays;

/**
 * The words that a window's softmax is normalised with, besides the window's targets, where it is
 * not normalised with all words (sampled softmax, Jean et al. 2015). Words are drawn independently
 * of each other: word k, after k more frequent ones, with probability π = min(1, c / (k + 1)). In
 * the sum over all words a drawn one stands for 1 / π words (Horvitz and Thompson 1952): its logit
 * is z − ln π. That estimate of the sum is right on average; its logarithm, and so the loss, is on
 * average a little too low. A target stands for itself, so workers with other targets, of other
 * lanes, normalise with other words.
 */
public final class SampledWords {
  private final int vocabularySize;
  private final double scale; // c
  private final int[] drawn; // those of a window, ascending

  /**
   * Chooses c so that {@code expected} words are drawn on average.
   *
   * @param vocabularySize V, of words that are sorted by how frequent they are
   * @param expected greater than 0 and less than V
   */
  public SampledWords(int vocabularySize, int expected) {
    this.vocabularySize = vocabularySize;
    double left = 0; // Σ 1 / (k + 1) over the words that are not certain to be drawn
    for (int word = vocabularySize; word > 0; word--) {
      left += 1.0 / word;
    }
    int certain = 0;
    double c = expected / left;
    while (certain < expected && c >= certain + 1) {
      certain++;
      left -= 1.0 / certain;
      c = (expected - certain) / left;
    }
    this.scale = Math.max(c, certain);
    this.drawn = new int[(int) Math.min(vocabularySize, most(expected))];
  }

  /** At least eight standard deviations above: more are drawn less than once in 10^10 windows. */
  private static long most(int expected) {
    return expected + Math.max(40, (long) (8 * Math.sqrt(expected)));
  }

  /**
   * The most words that are drawn for a window.
   *
   * @return at most V
   */
  public int most() {
    return drawn.length;
  }

  /**
   * The probability π that a word is drawn.
   *
   * @param word from 0
   * @return in (0, 1]
   */
  public float probability(int word) {
    return (float) Math.min(1, scale / (word + 1.0));
  }

  /**
   * Draws the words of a window, the same for all lanes. If they are more than {@link #most}, the
   * least frequent ones are left out.
   *
   * @param noiseSeed of the epoch
   * @param window its number in the epoch, from 0
   * @return a new array of them, ascending
   */
  public int[] draw(long noiseSeed, int window) {
    long key = DropoutNoise.key(noiseSeed, window, DropoutNoise.ALL_LANES, DropoutNoise.OF_SAMPLES);
    int count = 0;
    for (int word = 0; word < vocabularySize && count < drawn.length; word++) {
      if (DropoutNoise.factor(key, word, probability(word)) > 0) {
        drawn[count++] = word;
      }
    }
    return Arrays.copyOf(drawn, count);
  }
}
