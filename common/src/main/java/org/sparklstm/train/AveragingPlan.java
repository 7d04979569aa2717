package org.sparklstm.train;

import java.io.Serializable;

/**
 * When and how workers are averaged.
 *
 * @param period windows of a round, between two averages, while the learning rate has not fallen
 * @param latePeriod the same afterwards
 * @param update what workers send
 * @param combine how their updates come together
 * @param outer the step that all make together while the learning rate has not fallen; afterwards
 *     they average
 */
public record AveragingPlan(
    int period, int latePeriod, WorkerUpdate update, Combine combine, OuterOptimiser outer)
    implements Serializable {

  /**
   * Checks the periods.
   *
   * @throws IllegalArgumentException if a period is less than 1, or more than 1 where workers send
   *     gradients
   */
  public AveragingPlan {
    if (period < 1 || latePeriod < 1) {
      throw new IllegalArgumentException(
          "A round has at least 1 window, not " + Math.min(period, latePeriod));
    }
    int longest = Math.max(period, latePeriod);
    if (update instanceof WorkerUpdate.Gradient && longest > 1) {
      throw new IllegalArgumentException(
          "Gradients are averaged after each window, not after " + longest);
    }
  }
}
