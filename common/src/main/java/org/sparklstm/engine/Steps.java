package org.sparklstm.engine;

import java.util.function.IntToDoubleFunction;
import org.sparklstm.text.LaneReader;

/**
 * What a replica does in a round: a step on each window, one after the other.
 *
 * @param text that the windows are read from
 * @param from number of the first window in the epoch
 * @param to number of the window behind the last one
 * @param rates the learning rate of a window
 * @param noiseSeed what the noise is drawn from besides window, lane and layer
 */
public record Steps(
    LaneReader text,
    int from,
    int to,
    Optimiser optimiser,
    IntToDoubleFunction rates,
    Regularisation regularisation,
    long noiseSeed) {

  /**
   * Runs one of the windows forward and back.
   *
   * @param replica whose next step is that of this window
   * @param window its number in the epoch
   * @return Σ −ln p over its targets
   */
  public LossSum backpropagate(Replica replica, int window) {
    return replica.backpropagate(text.window(window), regularisation, noiseSeed);
  }

  /**
   * What came of it.
   *
   * @param loss Σ −ln p over the targets of all windows, each before its step
   * @param gradientNorm the largest ‖g‖ before clipping; NaN if one was
   */
  public record Result(LossSum loss, double gradientNorm) {}
}
