package org.sparklstm.model;

import java.io.Serializable;
import java.util.Locale;

/**
 * The network of Zaremba, Sutskever and Vinyals (2014): an embedding [V, H], L stacked LSTM layers
 * of H units, and a softmax layer [V, H] with bias.
 *
 * @param vocabularySize V, words
 * @param hiddenSize H, units of the embedding and of each layer
 * @param layers L
 * @param tiedEmbeddings whether the softmax layer's weight is the embedding (Press and Wolf 2017)
 */
public record LstmShape(int vocabularySize, int hiddenSize, int layers, boolean tiedEmbeddings)
    implements Serializable {

  /**
   * Checks the sizes.
   *
   * @param vocabularySize V, at least 1
   * @param hiddenSize H, at least 1
   * @param layers L, at least 1
   * @param tiedEmbeddings whether the softmax layer's weight is the embedding
   * @throws IllegalArgumentException if a size is less than 1, or if the parameters do not fit into
   *     one array
   */
  public LstmShape {
    if (vocabularySize < 1 || hiddenSize < 1 || layers < 1) {
      throw new IllegalArgumentException(
          "Cannot build a network of %s words, %s units and %s layers: each must be at least 1"
              .formatted(vocabularySize, hiddenSize, layers));
    }
    // A tied network too: its model files hold the embedding in both places.
    double parameters = parameterCount(vocabularySize, hiddenSize, layers, false);
    if (parameters > Integer.MAX_VALUE - 8) {
      throw new IllegalArgumentException(
          String.format(
              Locale.ROOT,
              "Cannot build a network of %.0f parameters: at most 2^31 - 9 fit into one array; reduce"
                  + " model.hidden-size, model.layers or vocabulary.size",
              parameters));
    }
  }

  /**
   * A network with a softmax layer of its own.
   *
   * @param vocabularySize V, at least 1
   * @param hiddenSize H, at least 1
   * @param layers L, at least 1
   * @throws IllegalArgumentException as the other constructor
   */
  public LstmShape(int vocabularySize, int hiddenSize, int layers) {
    this(vocabularySize, hiddenSize, layers, false);
  }

  /** {@return the network with the embedding's matrix in both places} */
  public LstmShape untied() {
    return new LstmShape(vocabularySize, hiddenSize, layers, false);
  }

  /** {@return the number of trained parameters: 2·V·H + V + L·(8·H² + 4·H), less V·H if tied} */
  public int parameterCount() {
    return (int) parameterCount(vocabularySize, hiddenSize, layers, tiedEmbeddings);
  }

  /** In double, which does not overflow and is exact as far as one array reaches. */
  private static double parameterCount(double v, double h, double l, boolean tied) {
    return (tied ? 1 : 2) * v * h + v + l * (8 * h * h + 4 * h);
  }

  /**
   * {@return the floats of one lane's recurrent state: for each layer, hidden state [H] then cell
   * state [H]}
   */
  public int laneStateSize() {
    return layers * 2 * hiddenSize;
  }
}
