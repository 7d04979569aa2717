package org.sparklstm.engine;

import java.io.Serializable;

/**
 * What keeps training from fitting the training text too well: dropout on the activations that
 * enter each LSTM layer and the softmax layer.
 *
 * @param keepProbability probability with which dropout keeps an activation; 1: no dropout
 * @param dropoutMode for how long a drawn mask holds
 */
public record Regularisation(float keepProbability, DropoutMode dropoutMode)
    implements Serializable {

  /** No dropout. */
  public static final Regularisation NONE = new Regularisation(1, DropoutMode.PER_STEP);

  /** For how long a drawn mask holds. */
  public enum DropoutMode {
    /** A new mask for each time step, as in Zaremba et al. */
    PER_STEP,
    /**
     * One mask for all time steps of a window (Gal and Ghahramani 2016, AWD-LSTM's LockedDropout).
     */
    LOCKED
  }

  /**
   * Checks the probability.
   *
   * @param keepProbability in (0, 1]
   * @param dropoutMode for how long a drawn mask holds
   * @throws IllegalArgumentException if {@code keepProbability} is outside (0, 1]
   */
  public Regularisation {
    if (!(keepProbability > 0 && keepProbability <= 1)) {
      throw new IllegalArgumentException(
          "Keep probability must be in (0, 1], is " + keepProbability);
    }
  }

  /** {@return whether any activation is dropped} */
  public boolean drops() {
    return keepProbability < 1;
  }

  /**
   * How many masks a window needs.
   *
   * @param length T, its time steps
   * @return 1 if one mask holds for the window, else T
   */
  public int masks(int length) {
    return dropoutMode == DropoutMode.LOCKED ? 1 : length;
  }
}
