package org.sparklstm.train;

import java.io.Serializable;

/**
 * How long and how fast to train.
 *
 * @param epochs passes over the training text
 * @param fullRateEpochs epochs before the rate begins to fall
 * @param learningRate of the first epochs
 * @param decay factor of each epoch after them
 */
public record Schedule(int epochs, int fullRateEpochs, double learningRate, double decay)
    implements Serializable {

  public Schedule {
    if (!(learningRate > 0) || !Double.isFinite(learningRate)) {
      throw new IllegalArgumentException(
          "The learning rate must be greater than 0, is " + learningRate);
    }
  }

  /**
   * The learning rate of an epoch, learningRate · decay^max(epoch + 1 − fullRateEpochs, 0).
   *
   * @param epoch from 0
   */
  public double rate(int epoch) {
    return learningRate * Math.pow(decay, Math.max(epoch + 1 - fullRateEpochs, 0));
  }
}
