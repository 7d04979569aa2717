package org.sparklstm.train;

import java.io.Serializable;

/**
 * When and how workers are averaged.
 *
 * @param period windows of a round, between two averages
 * @param update what workers send
 * @param combine how their updates come together
 * @param outer the step that all make together while the learning rate has not fallen
 */
public record AveragingPlan(int period, WorkerUpdate update, Combine combine, OuterOptimiser outer)
    implements Serializable {

  public AveragingPlan {
    if (period < 1) {
      throw new IllegalArgumentException("A round has at least 1 window, not " + period);
    }
    if (update instanceof WorkerUpdate.Gradient && period > 1) {
      throw new IllegalArgumentException(
          "Gradients are averaged after each window, not after " + period);
    }
  }

  /** Rounds of an epoch of {@code windows} windows. */
  public int rounds(int windows) {
    return (windows - 1) / period + 1;
  }

  /** The first window of a round; the round before ends in front of it. */
  public int firstWindow(int round, int windows) {
    return (int) Math.min((long) round * period, windows);
  }
}
