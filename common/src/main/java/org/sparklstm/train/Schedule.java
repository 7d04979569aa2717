package org.sparklstm.train;

import java.io.Serializable;

/**
 * How long and how fast to train. Epochs are real numbers here, so that the rate can change within
 * one.
 *
 * @param fall how the rate falls
 * @param epochs passes over the training text
 * @param warmUpEpochs epochs in which the rate rises from zero in equal steps
 * @param fullRateEpochs epochs before the rate begins to fall
 * @param learningRate of the first epochs
 * @param decay factor of each step
 * @param decayEpochs epochs between two steps; of a plateau whole ones without a better validation
 * @param plateaus steps that validation has led to; 0 unless the fall is a plateau's
 */
public record Schedule(
    Fall fall,
    int epochs,
    double warmUpEpochs,
    double fullRateEpochs,
    double learningRate,
    double decay,
    double decayEpochs,
    int plateaus)
    implements Serializable {

  /** How the learning rate falls. */
  public enum Fall {
    /** In steps, each a multiplication with the decay: the tutorial's. */
    STEP,
    /** Along half a cosine to zero at the end (Loshchilov and Hutter 2017, without restarts). */
    COSINE,
    /** By a step where validation has found nothing better for a while. */
    PLATEAU
  }

  /**
   * Checks the rate and the decay.
   *
   * @throws IllegalArgumentException if the rate or the epochs between two falls are not greater
   *     than 0
   */
  public Schedule {
    if (!(learningRate > 0) || !Double.isFinite(learningRate)) {
      throw new IllegalArgumentException(
          "The learning rate must be greater than 0, is " + learningRate);
    }
    if (!(decayEpochs > 0)) {
      throw new IllegalArgumentException(
          "Epochs between two falls must be more than 0, are " + decayEpochs);
    }
    if (fall == Fall.PLATEAU && decayEpochs % 1 != 0) {
      throw new IllegalArgumentException(
          "Epochs of a plateau must be a whole number, are " + decayEpochs);
    }
  }

  /** A schedule whose rate falls by a step an epoch, as the tutorial's does. */
  public static Schedule byEpochs(
      int epochs, double fullRateEpochs, double learningRate, double decay) {
    return new Schedule(Fall.STEP, epochs, 0, fullRateEpochs, learningRate, decay, 1, 0);
  }

  /** The same schedule after so many steps that validation has led to. */
  public Schedule after(int steps) {
    return new Schedule(
        fall, epochs, warmUpEpochs, fullRateEpochs, learningRate, decay, decayEpochs, steps);
  }

  /**
   * Steps that validation has led to when another epoch is validated: one more if the epochs since
   * the best are a multiple of decayEpochs.
   *
   * @param epoch the validated one, from 0
   * @param best the best one so far, from 0
   */
  public int plateausAfter(int epoch, int best) {
    boolean steps =
        fall == Fall.PLATEAU
            && epoch > best
            && epoch + 1 >= fullRateEpochs
            && (epoch - best) % (int) decayEpochs == 0;
    return steps ? plateaus + 1 : plateaus;
  }

  /**
   * The learning rate of a window. Until warmUpEpochs that is multiplied by progress /
   * warmUpEpochs, where progress is that of the window's end. From fullRateEpochs on, which is the
   * first step, it is
   *
   * <ul>
   *   <li>learningRate · decay^n after n steps, or
   *   <li>learningRate · (1 + cos πt) / 2 on a cosine, where t goes from 0 at fullRateEpochs to 1
   *       at the end of the last epoch.
   * </ul>
   *
   * @param epoch from 0
   * @param window from 0
   * @param windows of an epoch
   */
  public double rate(int epoch, int window, int windows) {
    double end = epoch + (window + 1.0) / windows;
    double warmUp = warmUpEpochs > 0 ? Math.min(1, end / warmUpEpochs) : 1;
    return warmUp * learningRate * factor(epoch, window, windows);
  }

  /** The learning rate that epoch {@code epoch}, from 0, begins with; without the warm-up. */
  public double rate(int epoch) {
    return learningRate * factor(epoch, 0, 1);
  }

  private double factor(int epoch, int window, int windows) {
    if (window < fullRateWindows(epoch, windows)) {
      return 1;
    }
    double late = Math.max(0, epoch - fullRateEpochs + (double) window / windows);
    return switch (fall) {
      case STEP -> Math.pow(decay, 1 + Math.floor(late / decayEpochs));
      case COSINE -> (1 + Math.cos(Math.PI * Math.min(1, late / (epochs - fullRateEpochs)))) / 2;
      case PLATEAU -> Math.pow(decay, plateaus);
    };
  }

  /** How many of the windows of epoch {@code epoch} come before the first fall. */
  int fullRateWindows(int epoch, int windows) {
    if (fall == Fall.PLATEAU) {
      return plateaus == 0 ? windows : 0;
    }
    return (int) Math.max(0, Math.min(windows, Math.ceil((fullRateEpochs - epoch) * windows)));
  }
}
