package org.sparklstm.engine;

import java.io.Serializable;

/**
 * A rule that turns gradients into steps. Its arithmetic on arrays is all that an engine needs; an
 * engine may do the same faster where its own memory is.
 *
 * <p>Workers' states are averaged like their parameters, and with {@code averaging.compression}
 * their changes are rounded. A rule must bear that. A count of steps is a float of the state.
 */
public interface Optimiser extends Serializable {

  /** Floats that the rule keeps from step to step for a model of {@code parameterCount}. */
  int stateSize(int parameterCount);

  /**
   * One step; nothing changes if the gradient's norm is not finite.
   *
   * @param parameters modified
   * @param gradient not modified
   * @param state [stateSize], modified; zeros before the first step
   * @param rate learning rate
   * @return ‖gradient‖ before clipping
   */
  double step(float[] parameters, float[] gradient, float[] state, double rate);

  /**
   * What a gradient of this norm is clipped by: min(1, maxGradNorm / norm) (Pascanu et al. 2013).
   */
  static double clipping(double norm, double maxGradNorm) {
    return Math.min(1, maxGradNorm / norm);
  }

  /** Zeros: the state before the first step. */
  default float[] initialState(int parameterCount) {
    return new float[stateSize(parameterCount)];
  }
}
