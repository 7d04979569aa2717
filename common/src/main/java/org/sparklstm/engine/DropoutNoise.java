package org.sparklstm.engine;

/**
 * Dropout masks drawn by counter, not from a stream: a unit's fate depends only on (seed, epoch,
 * window, lane, layer, time step, unit), so any number of workers and any retry draws the same
 * noise. Locked masks are drawn as those of time step 0. What all lanes have in common, recurrent
 * weights and words, is drawn as that of lane {@link #ALL_LANES}. The hash is the finaliser of
 * SplitMix64 (Steele, Lea and Flood 2014).
 */
public final class DropoutNoise {
  /** Stands for a lane in the key of the masks that all lanes have in common. */
  public static final int ALL_LANES = -1;

  /** Stands for a layer in the key of the words that a softmax is normalised with. */
  static final int OF_SAMPLES = -1;

  private static final long GOLDEN_GAMMA = 0x9E3779B97F4A7C15L;

  private DropoutNoise() {}

  /**
   * The noise seed of an epoch, for {@link Replica#backpropagate}.
   *
   * @param seed of the run
   * @param epoch from 0
   * @return its hash, which differs from epoch to epoch
   */
  public static long epochSeed(long seed, int epoch) {
    return mix(mix(seed) + epoch);
  }

  /**
   * The key of a mask: in a lane over the [T, H] activations that enter a layer; for {@link
   * #ALL_LANES} over the recurrent weights of an LSTM layer, and over the vocabulary in the place
   * of the softmax layer, for the words of the inputs.
   *
   * @param noiseSeed of the epoch
   * @param window number of the window in the epoch, from 0
   * @param lane number of the lane in the whole batch, from 0, or {@link #ALL_LANES}
   * @param layer from 0; the softmax layer comes after the last LSTM layer
   * @return what {@link #draw}, {@link #drawWeights} and {@link #factor} take
   */
  public static long key(long noiseSeed, int window, int lane, int layer) {
    return mix(mix(mix(noiseSeed + GOLDEN_GAMMA) + window) + ((long) lane << 32) + layer);
  }

  /**
   * What the units of one time step are multiplied with: each 1 / keepProbability with probability
   * keepProbability, else 0.
   *
   * @param key of the lane's mask
   * @param timeStep from 0; 0 for a locked mask
   * @param keepProbability in (0, 1]
   * @param factors [H], written
   */
  public static void draw(long key, int timeStep, float keepProbability, float[] factors) {
    long kept = kept(keepProbability, 24);
    int scale = Float.floatToRawIntBits(1 / keepProbability);
    long counter = key + GOLDEN_GAMMA * ((long) timeStep * factors.length);
    for (int unit = 0; unit < factors.length; unit++) {
      counter += GOLDEN_GAMMA;
      long below = ((mix(counter) >>> 40) - kept) >> 63; // all ones or zeros: no branch to predict
      factors[unit] = Float.intBitsToFloat(scale & (int) below);
    }
  }

  /**
   * What the embedding of a word is multiplied with.
   *
   * @param key of the vocabulary's mask
   * @param word from 0
   * @param keepProbability in (0, 1]
   * @return 1 / keepProbability or 0, as {@link #draw} gives unit {@code word} of time step 0
   */
  public static float factor(long key, int word, float keepProbability) {
    long kept = kept(keepProbability, 24);
    return mix(key + GOLDEN_GAMMA * (word + 1L)) >>> 40 < kept ? 1 / keepProbability : 0;
  }

  /**
   * What a row of a matrix of weights is multiplied with: each element 1 / keepProbability or 0.
   * The probability is rounded up to a multiple of 2^−16: weights are many, so that one hash serves
   * four.
   *
   * @param key of the matrix's mask
   * @param row from 0
   * @param keepProbability in (0, 1]
   * @param factors [H], written
   */
  public static void drawWeights(long key, int row, float keepProbability, float[] factors) {
    int kept = (int) kept(keepProbability, 16);
    int scale = Float.floatToRawIntBits(1 / keepProbability);
    int columns = factors.length;
    long counter = key + GOLDEN_GAMMA * (row * ((columns + 3L) / 4));
    for (int column = 0; column < columns; column += 4) {
      counter += GOLDEN_GAMMA;
      long bits = mix(counter);
      factors[column] = factor(bits, kept, scale);
      if (column + 3 < columns) { // without a loop it takes half the time
        factors[column + 1] = factor(bits >>> 16, kept, scale);
        factors[column + 2] = factor(bits >>> 32, kept, scale);
        factors[column + 3] = factor(bits >>> 48, kept, scale);
      } else {
        for (int i = column + 1; i < columns; i++) {
          factors[i] = factor(bits >>> (16 * (i - column)), kept, scale);
        }
      }
    }
  }

  /** How many of 2^bits equally likely values keep what is drawn: those below. */
  private static long kept(float keepProbability, int bits) {
    return (long) Math.ceil(keepProbability * (double) (1L << bits));
  }

  private static float factor(long bits, int kept, int scale) {
    int below = ((int) (bits & 0xFFFF) - kept) >> 31; // all ones or zeros
    return Float.intBitsToFloat(scale & below);
  }

  private static long mix(long z) {
    z = (z ^ (z >>> 30)) * 0xBF58476D1CE4E5B9L;
    z = (z ^ (z >>> 27)) * 0x94D049BB133111EBL;
    return z ^ (z >>> 31);
  }
}
