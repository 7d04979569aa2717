package org.sparklstm.engine;

import java.io.Serializable;

/**
 * What the training of a window draws at random. Against overfitting: factors of 0 or 1 /
 * (probability to keep), see {@link DropoutNoise}. For speed, and so not quite in its place here:
 * words, see {@link SampledWords}.
 *
 * @param keepProbability of the activations that enter each LSTM layer and the softmax layer
 *     (dropout, Zaremba et al. 2014); 1: all stay
 * @param dropoutMode for how long a mask of activations holds
 * @param recurrentKeepProbability of the elements of each layer's recurrent weights W_hh, drawn for
 *     a whole window and all lanes (weight-drop, Merity et al. 2018); 1: all stay
 * @param embeddingKeepProbability of the words of the vocabulary, whose embedding is zero wherever
 *     they enter a window if they are dropped (embedding dropout, Gal and Ghahramani 2016); 1: all
 *     stay
 * @param softmaxSamples words that are drawn on average to normalise a window's softmax with,
 *     besides its targets; 0: it has all words
 */
public record Regularisation(
    float keepProbability,
    DropoutMode dropoutMode,
    float recurrentKeepProbability,
    float embeddingKeepProbability,
    int softmaxSamples)
    implements Serializable {

  /** Nothing is drawn. */
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
   * Checks the numbers.
   *
   * @param keepProbability in (0, 1]
   * @param dropoutMode for how long a mask of activations holds
   * @param recurrentKeepProbability in (0, 1]
   * @param embeddingKeepProbability in (0, 1]
   * @param softmaxSamples at least 0
   * @throws IllegalArgumentException if a probability is outside (0, 1] or a number is negative
   */
  public Regularisation {
    requireProbability("Keep probability", keepProbability);
    requireProbability("Recurrent keep probability", recurrentKeepProbability);
    requireProbability("Embedding keep probability", embeddingKeepProbability);
    if (softmaxSamples < 0) {
      throw new IllegalArgumentException(
          "Softmax samples must be at least 0, are " + softmaxSamples);
    }
  }

  /**
   * Dropout of activations alone.
   *
   * @param keepProbability in (0, 1]
   * @param dropoutMode for how long a drawn mask holds
   * @throws IllegalArgumentException if {@code keepProbability} is outside (0, 1]
   */
  public Regularisation(float keepProbability, DropoutMode dropoutMode) {
    this(keepProbability, dropoutMode, 1, 1, 0);
  }

  private static void requireProbability(String name, float value) {
    if (!(value > 0 && value <= 1)) {
      throw new IllegalArgumentException(name + " must be in (0, 1], is " + value);
    }
  }

  /** {@return whether there is dropout of any kind} */
  public boolean drops() {
    return dropsActivations() || dropsWeights() || dropsWords();
  }

  /** {@return whether any activation is dropped} */
  public boolean dropsActivations() {
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

  /** {@return whether the softmax is normalised with some words only} */
  public boolean samples() {
    return softmaxSamples > 0;
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
