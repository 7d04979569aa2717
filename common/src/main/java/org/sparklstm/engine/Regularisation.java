package org.sparklstm.engine;

import java.io.Serializable;

/**
 * What the training of a window does besides minimising −ln p. Against overfitting there are
 * dropout, and two penalties on the activations a of the last LSTM layer that are added to the
 * loss. A softmax over words that are drawn is for speed, and so not quite in its place here.
 *
 * @param dropout of activations, recurrent weights and words
 * @param activationPenalty α; the penalty is α · Σ over T of the mean over lanes and units of a²,
 *     after dropout (activation regularisation, Merity, McCann and Socher 2017)
 * @param temporalActivationPenalty β; the penalty is β · Σ over T − 1 of the mean over lanes and
 *     units of (a at t + 1 − a at t)², before dropout (temporal activation regularisation, the same
 *     authors)
 * @param softmaxSamples words that are drawn on average to normalise a window's softmax with,
 *     besides its targets, see {@link SampledWords}; 0: it has all words
 */
public record Regularisation(
    Dropout dropout, float activationPenalty, float temporalActivationPenalty, int softmaxSamples)
    implements Serializable {

  /** −ln p alone. */
  public static final Regularisation NONE = new Regularisation(Dropout.NONE);

  /**
   * Checks the numbers.
   *
   * @param dropout of activations, recurrent weights and words
   * @param activationPenalty at least 0
   * @param temporalActivationPenalty at least 0
   * @param softmaxSamples at least 0
   * @throws IllegalArgumentException if a number is negative, not finite or NaN
   */
  public Regularisation {
    requirePenalty("Activation penalty", activationPenalty);
    requirePenalty("Temporal activation penalty", temporalActivationPenalty);
    if (softmaxSamples < 0) {
      throw new IllegalArgumentException(
          "Softmax samples must be at least 0, are " + softmaxSamples);
    }
  }

  /**
   * Dropout alone.
   *
   * @param dropout of activations, recurrent weights and words
   */
  public Regularisation(Dropout dropout) {
    this(dropout, 0, 0, 0);
  }

  private static void requirePenalty(String name, float value) {
    if (!(value >= 0 && value < Float.POSITIVE_INFINITY)) {
      throw new IllegalArgumentException(name + " must be at least 0, is " + value);
    }
  }

  /** {@return whether the loss has a penalty} */
  public boolean penalises() {
    return activationPenalty > 0 || temporalActivationPenalty > 0;
  }

  /** {@return whether the softmax is normalised with some words only} */
  public boolean samples() {
    return softmaxSamples > 0;
  }
}
