package org.sparklstm.engine;

import org.sparklstm.text.Window;

/**
 * One copy of the model that trains and evaluates windows of a fixed number of lanes. It is the
 * only door to an engine: everything that crosses it is an array in a documented layout.
 *
 * <p>Parameters and gradients are flat as in {@link org.sparklstm.model.ParameterLayout}. Lane
 * state is [B, L, 2, H]: for each lane and layer the hidden state, then the cell state. A replica
 * is a pure function of what was set: the same parameters, lane state, windows and noise seed give
 * the same bytes, whatever it computed before. Not safe for use by two threads at once.
 */
public interface Replica extends AutoCloseable {

  /** Copies [parameterCount] floats in. */
  void setParameters(float[] parameters);

  /** A new array of the [parameterCount] current parameters. */
  float[] parameters();

  /** Copies [B, L, 2, H] floats in. */
  void setLaneState(float[] state);

  /** A new array of the current state [B, L, 2, H]. */
  float[] laneState();

  /**
   * Runs one window forward and back, carries the lane state to the window's end and keeps the
   * gradient of the window's loss: Σ over T of the mean over lanes of −ln p, not clipped.
   *
   * @param noiseSeed what the dropout noise is drawn from besides window, lane and layer
   * @return Σ −ln p over all T·B targets, before any update
   */
  LossSum backpropagate(Window window, long noiseSeed);

  /**
   * A new array of the gradient that the last {@link #backpropagate} left, before a {@link #step}
   * or another window.
   */
  float[] gradient();

  /**
   * Plain SGD with that gradient g, clipped by its global norm: parameters −= rate · min(1,
   * maxGradNorm / ‖g‖) · g; nothing if the norm is not finite. To be called before another window.
   *
   * @return ‖g‖
   */
  double step(double rate, double maxGradNorm);

  /**
   * Runs one window forward without dropout and carries the lane state.
   *
   * @return Σ −ln p over all T·B targets
   */
  LossSum evaluate(Window window);

  /** ‖gradient‖, the Euclidean norm over all elements. */
  static double norm(float[] gradient) {
    double squares = 0;
    for (float g : gradient) {
      squares += (double) g * g;
    }
    return Math.sqrt(squares);
  }

  @Override
  void close();
}
