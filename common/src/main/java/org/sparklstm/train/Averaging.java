package org.sparklstm.train;

import java.util.List;
import java.util.stream.IntStream;
import org.sparklstm.engine.Replica;

/**
 * The arithmetic of combining workers, in a fixed order so that it gives the same bytes every time.
 */
public final class Averaging {
  private static final int BLOCK = 4096; // floats that the caches hold with their sums

  private Averaging() {}

  /**
   * Σ_k weight_k · array_k for each element, summed in double in the order of the list; on all
   * cores, which share the elements.
   *
   * @return a new array; with one array of weight 1, its exact copy
   */
  public static float[] weightedMean(List<float[]> arrays, double[] weights) {
    float[] mean = new float[arrays.get(0).length];
    IntStream.rangeClosed(0, (mean.length - 1) / BLOCK)
        .parallel()
        .map(block -> block * BLOCK)
        .forEach(
            from -> weightedMean(arrays, weights, mean, from, Math.min(BLOCK, mean.length - from)));
    return mean;
  }

  private static void weightedMean(
      List<float[]> arrays, double[] weights, float[] mean, int from, int count) {
    double[] sums = new double[count];
    for (int k = 0; k < weights.length; k++) {
      float[] values = arrays.get(k);
      for (int i = 0; i < count; i++) {
        double term = weights[k] * values[from + i];
        sums[i] = k == 0 ? term : sums[i] + term; // from 0 it would lose -0.0
      }
    }
    for (int i = 0; i < count; i++) {
      mean[from + i] = (float) sums[i];
    }
  }

  /** Whether none of {@code values} is infinite or NaN. */
  public static boolean finite(float[] values) {
    int largest = 0;
    for (float value : values) {
      largest = Math.max(largest, Float.floatToRawIntBits(value) & Integer.MAX_VALUE);
    }
    return largest < Float.floatToRawIntBits(Float.POSITIVE_INFINITY);
  }

  /**
   * Plain SGD with a gradient g clipped by its global norm: a new array of parameters − rate ·
   * min(1, maxGradNorm / ‖g‖) · g.
   */
  public static float[] step(
      float[] parameters, float[] gradient, double rate, double maxGradNorm) {
    double scale = rate * Math.min(1, maxGradNorm / Replica.norm(gradient));
    float[] updated = new float[parameters.length];
    for (int i = 0; i < updated.length; i++) {
      updated[i] = (float) (parameters[i] - scale * gradient[i]);
    }
    return updated;
  }
}
