package org.sparklstm.engine;

import java.io.Serializable;

/**
 * What keeps training from fitting the training text too well: factors of 0 or 1 / (probability to
 * keep), drawn by {@link DropoutNoise}.
 *
 * @param keepProbability of the activations that enter each LSTM layer and the softmax layer
 *     (dropout, Zaremba et al. 2014); 1: all stay
 * @param dropoutMode for how long a mask of activations holds
 * @param recurrentKeepProbability of the elements of each layer's recurrent weights W_hh, drawn for
 *     a whole window and all lanes (weight-drop, Merity et al. 2018); 1: all stay
 * @param embeddingKeepProbability of the words of the vocabulary, whose embedding is zero wherever
 *     they enter a window if they are dropped (embedding dropout, Gal and Ghahramani 2016); 1: all
 *     stay
 */
public record Regularisation(
    float keepProbability,
    DropoutMode dropoutMode,
    float recurrentKeepProbability,
    float embeddingKeepProbability)
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
   * Checks the probabilities.
   *
   * @throws IllegalArgumentException if one is outside (0, 1]
   */
  public Regularisation {
    requireProbability("Keep probability", keepProbability);
    requireProbability("Recurrent keep probability", recurrentKeepProbability);
    requireProbability("Embedding keep probability", embeddingKeepProbability);
  }

  /**
   * Dropout of activations alone.
   *
   * @param keepProbability in (0, 1]
   * @param dropoutMode for how long a drawn mask holds
   * @throws IllegalArgumentException if {@code keepProbability} is outside (0, 1]
   */
  public Regularisation(float keepProbability, DropoutMode dropoutMode) {
    this(keepProbability, dropoutMode, 1, 1);
  }

  private static void requireProbability(String name, float value) {
    if (!(value > 0 && value <= 1)) {
      throw new IllegalArgumentException(name + " must be in (0, 1], is " + value);
    }
  }

  /** {@return whether any activation is dropped} */
  public boolean drops() {
    return keepProbability < 1;
  }

  /** {@return whether any recurrent weight is dropped} */
  public boolean dropsWeights() {
    return recurrentKeepProbability < 1;
  }

  /** {@return whether the embedding of any word is dropped} */
  public boolean dropsWords() {
    return embeddingKeepProbability < 1;
  }

  /**
   * How many masks of activations a window needs; time step t has mask t modulo their number.
   *
   * @param length T, its time steps
   * @return 1 if one mask holds for the window, else T
   */
  public int masks(int length) {
    return dropoutMode == DropoutMode.LOCKED ? 1 : length;
  }
}
