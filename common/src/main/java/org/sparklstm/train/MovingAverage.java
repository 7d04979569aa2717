package org.sparklstm.train;

import java.io.Serializable;

/**
 * The model that is validated, tested and saved, where it is not the parameters themselves: an
 * exponential moving average of what rounds end with (Polyak and Juditsky 1992 average the iterates
 * of SGD; a constant share forgets the first ones). Training goes on with the parameters. After a
 * round of w windows, with n windows since the run began and N those of {@code epochs}:
 *
 * <pre>
 * model ← model + share · (parameters − model), share = min(1, w / min(n, N))
 * </pre>
 *
 * @param epochs that it reaches back; 0: there is none
 */
public record MovingAverage(double epochs) implements Serializable {
  /** The model is the parameters. */
  public static final MovingAverage NONE = new MovingAverage(0);

  /**
   * Checks the number.
   *
   * @throws IllegalArgumentException if it is less than 0
   */
  public MovingAverage {
    if (!(epochs >= 0) || !Double.isFinite(epochs)) {
      throw new IllegalArgumentException(
          "A moving average reaches 0 epochs back or more, not " + epochs);
    }
  }

  /** Whether there is one. */
  public boolean averages() {
    return epochs > 0;
  }

  /** Floats of it, besides the parameters. */
  public int stateSize(int parameterCount) {
    return averages() ? parameterCount : 0;
  }

  /** What is kept of a model besides the parameters: the model, or nothing. */
  public float[] state(float[] model) {
    return averages() ? model : new float[0];
  }

  /**
   * The model after a round, computed in double and rounded to float once for each value.
   *
   * @param model {@link #state} before it, not modified
   * @param parameters that the round ended with, not modified
   * @param roundWindows w
   * @param allWindows n
   * @param windows of an epoch
   * @return a new array, or {@code parameters}
   */
  public float[] after(
      float[] model, float[] parameters, int roundWindows, long allWindows, int windows) {
    double share = Math.min(1, roundWindows / Math.min((double) allWindows, epochs * windows));
    if (!averages() || share == 1) {
      return parameters;
    }
    float[] next = new float[parameters.length];
    WeightedMean.forEachBlock(
        next.length,
        true,
        (from, count) -> {
          for (int i = from; i < from + count; i++) {
            next[i] = (float) (model[i] + share * ((double) parameters[i] - model[i]));
          }
        });
    return next;
  }
}
