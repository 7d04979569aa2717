package org.sparklstm.train;

import java.util.Locale;
import org.sparklstm.config.Settings;

/** The learning-rate schedule and the lines of the TensorFlow tutorial, a contract with scripts. */
public final class Report {
  private Report() {}

  /**
   * The learning rate of an epoch, learning-rate · decay^max(epoch + 1 − full-rate-epochs, 0).
   *
   * @param epoch from 0
   */
  public static double rate(Settings.Train train, int epoch) {
    return train.learningRate()
        * Math.pow(train.decay(), Math.max(epoch + 1 - train.fullRateEpochs(), 0));
  }

  /** Example: {@code Epoch: 1 Learning rate: 1.000}. */
  public static String learningRate(int epoch, double rate) {
    return String.format(Locale.ROOT, "Epoch: %d Learning rate: %.3f", epoch + 1, rate);
  }

  /** Example: {@code Epoch: 1 Train Perplexity: 270.123}. */
  public static String trainPerplexity(int epoch, double perplexity) {
    return String.format(Locale.ROOT, "Epoch: %d Train Perplexity: %.3f", epoch + 1, perplexity);
  }

  /** Example: {@code Epoch: 1 Valid Perplexity: 178.123}. */
  public static String validPerplexity(int epoch, double perplexity) {
    return String.format(Locale.ROOT, "Epoch: %d Valid Perplexity: %.3f", epoch + 1, perplexity);
  }

  /** Example: {@code Test Perplexity: 116.123}. */
  public static String testPerplexity(double perplexity) {
    return String.format(Locale.ROOT, "Test Perplexity: %.3f", perplexity);
  }
}
