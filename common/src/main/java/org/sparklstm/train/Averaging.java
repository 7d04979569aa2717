package org.sparklstm.train;

import java.util.List;
import org.sparklstm.engine.Replica;

/**
 * The arithmetic of combining workers, in a fixed order so that it gives the same bytes every time.
 */
public final class Averaging {
  private Averaging() {}

  /**
   * Σ_k weight_k · array_k for each element, summed in double in the order of the list.
   *
   * @return a new array; with one array of weight 1, its exact copy
   */
  public static float[] weightedMean(List<float[]> arrays, double[] weights) {
    float[] mean = new float[arrays.get(0).length];
    for (int i = 0; i < mean.length; i++) {
      double sum = weights[0] * arrays.get(0)[i]; // not from 0, which would lose -0.0
      for (int k = 1; k < weights.length; k++) {
        sum += weights[k] * arrays.get(k)[i];
      }
      mean[i] = (float) sum;
    }
    return mean;
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
