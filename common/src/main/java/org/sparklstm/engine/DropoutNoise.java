package org.sparklstm.engine;

/**
 * Dropout masks drawn by counter, not from a stream: a unit's fate depends only on (seed, epoch,
 * window, lane, layer, time step, unit), so any number of workers and any retry draws the same
 * noise. Locked masks are drawn as those of time step 0. The hash is the finaliser of SplitMix64
 * (Steele, Lea and Flood 2014).
 */
public final class DropoutNoise {
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
   * The key of the mask over one lane's [T, H] activations that enter a layer.
   *
   * @param noiseSeed of the epoch
   * @param window number of the window in the epoch, from 0
   * @param lane number of the lane in the whole batch, from 0
   * @param layer from 0; the softmax layer comes after the last LSTM layer
   * @return what {@link #draw} takes
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
    long kept = (long) Math.ceil(keepProbability * 0x1p24); // of 2^24 equally likely values
    int scale = Float.floatToRawIntBits(1 / keepProbability);
    long counter = key + GOLDEN_GAMMA * ((long) timeStep * factors.length);
    for (int unit = 0; unit < factors.length; unit++) {
      counter += GOLDEN_GAMMA;
      long below = ((mix(counter) >>> 40) - kept) >> 63; // all ones or zeros: no branch to predict
      factors[unit] = Float.intBitsToFloat(scale & (int) below);
    }
  }

  private static long mix(long z) {
    z = (z ^ (z >>> 30)) * 0xBF58476D1CE4E5B9L;
    z = (z ^ (z >>> 27)) * 0x94D049BB133111EBL;
    return z ^ (z >>> 31);
  }
}
