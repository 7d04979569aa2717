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

  /**
   * How many floats the rule keeps from step to step.
   *
   * @param parameterCount parameters of the model
   * @return the length of its state
   */
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
   * What a gradient is clipped by (Pascanu et al. 2013).
   *
   * @param norm of the gradient
   * @param maxGradNorm that it has at most afterwards
   * @return min(1, maxGradNorm / norm)
   */
  static double clipping(double norm, double maxGradNorm) {
    return Math.min(1, maxGradNorm / norm);
  }

  /**
   * The state before the first step.
   *
   * @param parameterCount parameters of the model
   * @return a new array of zeros, [stateSize]
   */
  default float[] initialState(int parameterCount) {
    return new float[stateSize(parameterCount)];
  }
}
