package org.sparklstm.train;

import java.io.Serializable;

/**
 * The step that all workers make together at the end of a round. It is block momentum in Nesterov's
 * form (BMUF, Chen and Huo 2016). With G the mean of what the workers reached, minus what they
 * began with:
 *
 * <pre>
 * m ← momentum · m + rate · G
 * parameters ← what they began with + momentum · m + rate · G
 * </pre>
 *
 * Over many rounds the parameters move rate / (1 − momentum) times as far as by plain averaging.
 *
 * @param momentum in [0, 1)
 * @param rate greater than 0
 */
public record OuterOptimiser(double momentum, double rate) implements Serializable {
  /** Plain averaging: all workers continue with the mean itself, and no state is kept. */
  public static final OuterOptimiser AVERAGE = new OuterOptimiser(0, 1);

  /**
   * Checks the numbers.
   *
   * @throws IllegalArgumentException if one is outside its range
   */
  public OuterOptimiser {
    if (!(momentum >= 0 && momentum < 1)) {
      throw new IllegalArgumentException("Outer momentum must be in [0, 1), is " + momentum);
    }
    if (!(rate > 0) || !Double.isFinite(rate)) {
      throw new IllegalArgumentException("The outer rate must be greater than 0, is " + rate);
    }
  }

  /** Whether a step leads to the mean itself. */
  public boolean averages() {
    return equals(AVERAGE);
  }

  /** Floats of m for a model of {@code parameterCount}; 0 for plain averaging. */
  public int stateSize(int parameterCount) {
    return averages() ? 0 : parameterCount;
  }

  /**
   * One step, computed in double and rounded to float once for each value.
   *
   * @param start what all workers began with, not modified
   * @param reached the mean of what they reached; becomes what they continue with
   * @param momenta m before the step, not modified
   * @return m after the step, a new array
   */
  float[] step(float[] start, float[] reached, float[] momenta) {
    float[] next = new float[momenta.length];
    WeightedMean.forEachBlock(
        next.length,
        true,
        (from, count) -> {
          for (int i = from; i < from + count; i++) {
            double change = rate * ((double) reached[i] - start[i]);
            next[i] = (float) (momentum * momenta[i] + change);
            reached[i] = (float) (start[i] + momentum * next[i] + change);
          }
        });
    return next;
  }
}
