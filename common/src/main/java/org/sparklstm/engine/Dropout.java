package org.sparklstm.engine;

import java.io.Serializable;

/**
 * Dropout in training, of every kind: what is dropped is multiplied with 0, what is kept with 1 /
 * (probability to keep). {@link DropoutNoise} draws it.
 *
 * @param inputKeepProbability of the embeddings that enter the first LSTM layer (Zaremba et al.
 *     2014); 1: all stay
 * @param hiddenKeepProbability the same of the activations between two LSTM layers
 * @param outputKeepProbability the same of the activations that enter the softmax layer
 * @param mode for how long a mask of activations holds
 * @param recurrentKeepProbability of the elements of each layer's recurrent weights W_hh, drawn for
 *     a whole window and all lanes (weight-drop, Merity et al. 2018); 1: all stay
 * @param embeddingKeepProbability of the words of the vocabulary, whose embedding is zero wherever
 *     they enter a window if they are dropped (embedding dropout, Gal and Ghahramani 2016); 1: all
 *     stay
 */
public record Dropout(
    float inputKeepProbability,
    float hiddenKeepProbability,
    float outputKeepProbability,
    Mode mode,
    float recurrentKeepProbability,
    float embeddingKeepProbability)
    implements Serializable {

  /** Nothing is dropped. */
  public static final Dropout NONE = new Dropout(1, Mode.PER_STEP);

  /** For how long a drawn mask of activations holds. */
  public enum Mode {
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
   * @param inputKeepProbability in (0, 1]
   * @param hiddenKeepProbability in (0, 1]
   * @param outputKeepProbability in (0, 1]
   * @param mode for how long a mask of activations holds
   * @param recurrentKeepProbability in (0, 1]
   * @param embeddingKeepProbability in (0, 1]
   * @throws IllegalArgumentException if a probability is outside (0, 1]
   */
  public Dropout {
    requireProbability("Input keep probability", inputKeepProbability);
    requireProbability("Hidden keep probability", hiddenKeepProbability);
    requireProbability("Output keep probability", outputKeepProbability);
    requireProbability("Recurrent keep probability", recurrentKeepProbability);
    requireProbability("Embedding keep probability", embeddingKeepProbability);
  }

  /**
   * Dropout of activations alone, the same in all places.
   *
   * @param keepProbability in (0, 1]
   * @param mode for how long a drawn mask holds
   * @throws IllegalArgumentException if {@code keepProbability} is outside (0, 1]
   */
  public Dropout(float keepProbability, Mode mode) {
    this(keepProbability, keepProbability, keepProbability, mode, 1, 1);
  }

  private static void requireProbability(String name, float value) {
    if (!(value > 0 && value <= 1)) {
      throw new IllegalArgumentException(name + " must be in (0, 1], is " + value);
    }
  }

  /**
   * The probability of the activations that enter a layer.
   *
   * @param layer from 0
   * @param layers L; as a layer, the softmax layer
   * @return their probability to be kept
   */
  public float keepProbability(int layer, int layers) {
    if (layer == 0) {
      return inputKeepProbability;
    }
    return layer == layers ? outputKeepProbability : hiddenKeepProbability;
  }

  /**
   * Whether anything is dropped.
   *
   * @param layers L
   * @return whether it is
   */
  public boolean any(int layers) {
    return dropsActivations(layers) || dropsWeights() || dropsWords();
  }

  /**
   * Whether any activation is dropped.
   *
   * @param layers L
   * @return whether it is; one layer has no activations between layers
   */
  public boolean dropsActivations(int layers) {
    return inputKeepProbability < 1
        || outputKeepProbability < 1
        || (layers > 1 && hiddenKeepProbability < 1);
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
    return mode == Mode.LOCKED ? 1 : length;
  }
}
