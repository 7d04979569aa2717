package org.sparklstm.checkpoint;

import org.sparklstm.train.Schedule;

/**
 * What the validations of a run have found so far.
 *
 * @param epoch the best one, from 0; −1: none is validated
 * @param valid its validation perplexity
 * @param plateaus steps of the learning rate that they have led to, see {@link Schedule}
 */
public record Best(int epoch, double valid, int plateaus) {
  /** Before the first epoch is validated. */
  public static final Best NONE = new Best(-1, Double.POSITIVE_INFINITY, 0);

  /** The same with another epoch; of equally good ones the first is the best. */
  public Best or(int later, double laterValid, Schedule schedule) {
    return laterValid < valid
        ? new Best(later, laterValid, plateaus)
        : new Best(epoch, valid, schedule.after(plateaus).plateausAfter(later, epoch));
  }

  /**
   * Whether a run should stop.
   *
   * @param epochs that are validated
   * @param patience epochs without a better one after which it stops; 0: it never does
   */
  public boolean stops(int epochs, int patience) {
    return patience > 0 && epochs - 1 - epoch >= patience;
  }
}
