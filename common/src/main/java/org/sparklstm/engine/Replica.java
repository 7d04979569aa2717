package org.sparklstm.engine;

import java.util.Arrays;
import org.sparklstm.text.Window;

/**
 * One copy of the model that trains, evaluates and predicts windows of a fixed number of lanes. It
 * is the only door to an engine: everything that crosses it is an array in a documented layout.
 *
 * <p>Parameters and gradients are flat as in {@link org.sparklstm.model.ParameterLayout}. Lane
 * state is [B, S]: for each lane and layer the hidden state [H], then the cell state [H]. A replica
 * is a pure function of what was set: the same parameters, states, windows, noise seed and threads
 * give the same bytes, whatever it computed before. Two threads must not use it at once.
 */
public interface Replica extends AutoCloseable {

  /**
   * Has the calling thread compute with so many threads. The number belongs to the calling thread,
   * so each thread that works with the replica calls this first.
   *
   * @param threads at least 1
   */
  void useThreads(int threads);

  /**
   * Replaces the parameters.
   *
   * @param parameters [parameterCount], copied
   */
  void setParameters(float[] parameters);

  /** {@return a new array of the [parameterCount] current parameters} */
  float[] parameters();

  /** {@return B, the lanes of every window} */
  int lanes();

  /**
   * Replaces the state of all lanes.
   *
   * @param state [B, S], copied
   */
  void setLaneState(float[] state);

  /** {@return a new array of the current state [B, S]} */
  float[] laneState();

  /**
   * Sets the state of one lane to zero, where another sequence begins in it.
   *
   * @param lane from 0
   */
  default void clearLane(int lane) {
    float[] state = laneState();
    int size = state.length / lanes();
    Arrays.fill(state, lane * size, (lane + 1) * size, 0);
    setLaneState(state);
  }

  /**
   * Replaces the optimiser's state.
   *
   * @param state [{@link Optimiser#stateSize}], copied
   */
  void setOptimiserState(float[] state);

  /** {@return a new array of the optimiser's current state} */
  float[] optimiserState();

  /**
   * Runs one window forward and back, carries the lane state to the window's end and keeps the
   * gradient of the window's loss, not clipped: Σ over T of the mean over lanes of −ln p, and the
   * penalties of {@code regularisation}.
   *
   * @param window of B lanes
   * @param regularisation noise and penalties, or none
   * @param noiseSeed what the noise is drawn from besides window, lane and layer
   * @return Σ −ln p over all T·B targets, before any update and without penalties; an estimate if
   *     the softmax has some words only
   */
  LossSum backpropagate(Window window, Regularisation regularisation, long noiseSeed);

  /**
   * {@return a new array of the gradient that the last {@link #backpropagate} left, before a {@link
   * #step} or another window}
   */
  float[] gradient();

  /**
   * Updates parameters and optimiser state with that gradient g, unless its norm is not finite. It
   * must follow {@link #backpropagate} without another window in between. This implementation does
   * the arithmetic on arrays, with {@link Optimiser#step}.
   *
   * @param optimiser the rule, the same in all steps
   * @param rate learning rate
   * @return ‖g‖
   */
  default double step(Optimiser optimiser, double rate) {
    float[] parameters = parameters();
    float[] state = optimiserState();
    int stateSize = optimiser.stateSize(parameters.length);
    if (state.length != stateSize) {
      throw new IllegalStateException(
          "Needs %s floats of optimiser state, has %s".formatted(stateSize, state.length));
    }
    double norm = optimiser.step(parameters, gradient(), state, rate);
    setParameters(parameters);
    setOptimiserState(state);
    return norm;
  }

  /**
   * {@link #backpropagate} and {@link #step} for each window. Where a gradient's norm is not
   * finite, it may end early, and what the replica holds must not be used. This implementation
   * calls the two in turn. An engine whose device computes while the caller goes on may read the
   * results once.
   *
   * @param steps windows of B lanes, and the rule
   * @return losses and norms of all
   */
  default Steps.Result train(Steps steps) {
    LossSum loss = LossSum.ZERO;
    double norm = 0;
    for (int i = steps.from(); i < steps.to() && Double.isFinite(norm); i++) {
      loss = loss.plus(steps.backpropagate(this, i));
      norm = Math.max(norm, step(steps.optimiser(), steps.rates().applyAsDouble(i)));
    }
    return new Steps.Result(loss, norm);
  }

  /**
   * Runs one window forward without noise and carries the lane state.
   *
   * @param window of B lanes
   * @return Σ −ln p over all T·B targets
   */
  LossSum evaluate(Window window);

  /**
   * The same as {@link #evaluate}, for each target by itself.
   *
   * @param window of B lanes
   * @return a new array [T, B] of −ln p
   */
  double[] score(Window window);

  /**
   * Reads one word in each lane, without noise, and carries the lane state.
   *
   * @param words [B] word ids
   * @return a new array [B, V]: ln p of each word to come next
   */
  float[] next(int[] words);

  /**
   * The Euclidean norm over all elements, summed in double.
   *
   * @param gradient of any length
   * @return ‖gradient‖
   */
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
