package org.sparklstm.model;

import java.io.Serializable;
import java.util.Collections;
import java.util.List;
import java.util.Locale;

/**
 * The network of Zaremba, Sutskever and Vinyals (2014): an embedding [V, E], L stacked LSTM layers,
 * and a softmax layer with bias. There, embedding and layers have one size.
 *
 * @param vocabularySize V, words
 * @param embeddingSize E, columns of the embedding
 * @param hiddenSizes H of each layer, its units
 * @param tiedEmbeddings whether the softmax layer's weight is the embedding (Press and Wolf 2017)
 */
public record LstmShape(
    int vocabularySize, int embeddingSize, List<Integer> hiddenSizes, boolean tiedEmbeddings)
    implements Serializable {

  /**
   * Checks the sizes.
   *
   * @param vocabularySize V, at least 1
   * @param embeddingSize E, at least 1; with tied embeddings the last layer's H
   * @param hiddenSizes H of each layer, at least 1
   * @param tiedEmbeddings whether the softmax layer's weight is the embedding
   * @throws IllegalArgumentException if a size is less than 1 or not the one that it is tied to, or
   *     if the parameters do not fit into one array
   */
  public LstmShape {
    int least = hiddenSizes.isEmpty() ? 0 : Collections.min(hiddenSizes);
    if (least < 1 || embeddingSize < 1 || vocabularySize < 1) {
      throw new IllegalArgumentException(
          "Cannot build a network of %s words, %s units and %s layers: each must be at least 1"
              .formatted(vocabularySize, Math.min(least, embeddingSize), hiddenSizes.size()));
    }
    int last = hiddenSizes.get(hiddenSizes.size() - 1);
    if (tiedEmbeddings && embeddingSize != last) {
      throw new IllegalArgumentException(
          "Cannot tie embeddings of %s units to a last layer of %s: they must be as many"
              .formatted(embeddingSize, last));
    }
    // A tied network too: its model files hold the embedding in both places.
    double parameters = parameterCount(vocabularySize, embeddingSize, hiddenSizes, false);
    if (parameters > Integer.MAX_VALUE - 8) {
      throw new IllegalArgumentException(
          String.format(
              Locale.ROOT,
              "Cannot build a network of %.0f parameters: at most 2^31 - 9 fit into one array; reduce"
                  + " model.hidden-size, model.layers or vocabulary.size",
              parameters));
    }
    hiddenSizes = List.copyOf(hiddenSizes);
  }

  /**
   * A network whose embedding and layers have one size.
   *
   * @param vocabularySize V, at least 1
   * @param hiddenSize E and H, at least 1
   * @param layers L, at least 1
   * @param tiedEmbeddings whether the softmax layer's weight is the embedding
   * @throws IllegalArgumentException as the other constructor
   */
  public LstmShape(int vocabularySize, int hiddenSize, int layers, boolean tiedEmbeddings) {
    this(
        vocabularySize,
        hiddenSize,
        Collections.nCopies(Math.max(0, layers), hiddenSize),
        tiedEmbeddings);
  }

  /**
   * The same with a softmax layer of its own.
   *
   * @param vocabularySize V, at least 1
   * @param hiddenSize E and H, at least 1
   * @param layers L, at least 1
   * @throws IllegalArgumentException as the other constructors
   */
  public LstmShape(int vocabularySize, int hiddenSize, int layers) {
    this(vocabularySize, hiddenSize, layers, false);
  }

  /** {@return whether all layers have the same size} */
  public boolean isOfOneSize() {
    return hiddenSizes.stream().distinct().count() == 1;
  }

  /** {@return L} */
  public int layers() {
    return hiddenSizes.size();
  }

  /**
   * The size of what enters a layer.
   *
   * @param layer from 0; as layer L, the softmax layer
   * @return E for layer 0, H of the layer below for the others
   */
  public int inputSize(int layer) {
    return layer == 0 ? embeddingSize : hiddenSizes.get(layer - 1);
  }

  /**
   * The size of a layer.
   *
   * @param layer from 0
   * @return H, its units
   */
  public int hiddenSize(int layer) {
    return hiddenSizes.get(layer);
  }

  /** {@return the size of what enters the softmax layer: H of the last layer} */
  public int outputSize() {
    return hiddenSize(layers() - 1);
  }

  /**
   * {@return the network with a softmax layer of its own, whose weight is the embedding if tied}
   */
  public LstmShape untied() {
    return new LstmShape(vocabularySize, embeddingSize, hiddenSizes, false);
  }

  /**
   * {@return the number of trained parameters: V·E + V·H + V, less V·H if tied, and 4·H·(I + H + 1)
   * for each layer with inputs of size I}
   */
  public int parameterCount() {
    return (int) parameterCount(vocabularySize, embeddingSize, hiddenSizes, tiedEmbeddings);
  }

  /** In double, which does not overflow and is exact as far as one array reaches. */
  private static double parameterCount(
      double v, double e, List<Integer> hiddenSizes, boolean tied) {
    double count = v * e + v;
    double input = e;
    for (double h : hiddenSizes) {
      count += 4 * h * (input + h + 1);
      input = h;
    }
    return tied ? count : count + v * input;
  }

  /**
   * {@return the floats S of one lane's recurrent state: for each layer, hidden state [H] then cell
   * state [H]}
   */
  public int laneStateSize() {
    return stateOffset(layers());
  }

  /**
   * Where the state of a layer begins in that of a lane.
   *
   * @param layer from 0; L for the end
   * @return floats before its hidden state
   */
  public int stateOffset(int layer) {
    return hiddenSizes.subList(0, layer).stream().mapToInt(h -> 2 * h).sum();
  }
}
