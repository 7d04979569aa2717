package org.sparklstm.train;

import java.io.Serializable;

/**
 * How long and how fast to train. Epochs are real numbers here, so that the rate can change within
 * one.
 *
 * @param epochs passes over the training text
 * @param warmUpEpochs epochs in which the rate rises from zero in equal steps
 * @param fullRateEpochs epochs before the rate begins to fall
 * @param learningRate of the first epochs
 * @param decay factor of each fall
 * @param decayEpochs epochs between two falls
 */
public record Schedule(
    int epochs,
    double warmUpEpochs,
    double fullRateEpochs,
    double learningRate,
    double decay,
    double decayEpochs)
    implements Serializable {

  public Schedule {
    if (!(learningRate > 0) || !Double.isFinite(learningRate)) {
      throw new IllegalArgumentException(
          "The learning rate must be greater than 0, is " + learningRate);
    }
    if (!(decayEpochs > 0)) {
      throw new IllegalArgumentException(
          "Epochs between two falls must be more than 0, are " + decayEpochs);
    }
  }

  /** A schedule whose rate falls once an epoch, as the tutorial's does. */
  public static Schedule byEpochs(
      int epochs, double fullRateEpochs, double learningRate, double decay) {
    return new Schedule(epochs, 0, fullRateEpochs, learningRate, decay, 1);
  }

  /**
   * The learning rate of a window: learningRate · decay^n after n falls. The first fall is at
   * fullRateEpochs. Until warmUpEpochs that is multiplied by progress / warmUpEpochs, where
   * progress is that of the window's end.
   *
   * @param epoch from 0
   * @param window from 0
   * @param windows of an epoch
   */
  public double rate(int epoch, int window, int windows) {
    double end = epoch + (window + 1.0) / windows;
    double warmUp = warmUpEpochs > 0 ? Math.min(1, end / warmUpEpochs) : 1;
    return warmUp * learningRate * Math.pow(decay, falls(epoch, window, windows));
  }

  /** The learning rate that epoch {@code epoch}, from 0, begins with; without the warm-up. */
  public double rate(int epoch) {
    return learningRate * Math.pow(decay, falls(epoch, 0, 1));
  }

  private double falls(int epoch, int window, int windows) {
    double late = epoch - fullRateEpochs + (double) window / windows;
    return window < fullRateWindows(epoch, windows)
        ? 0
        : 1 + Math.floor(Math.max(0, late) / decayEpochs);
  }

  /** How many of the windows of epoch {@code epoch} come before the first fall. */
  int fullRateWindows(int epoch, int windows) {
    return (int) Math.max(0, Math.min(windows, Math.ceil((fullRateEpochs - epoch) * windows)));
  }
}
