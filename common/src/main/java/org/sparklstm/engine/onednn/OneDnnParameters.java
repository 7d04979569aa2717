package org.sparklstm.engine.onednn;

import java.util.HashMap;
import java.util.Map;
import org.bytedeco.javacpp.FloatPointer;
import org.bytedeco.javacpp.indexer.FloatIndexer;
import org.sparklstm.model.LstmShape;
import org.sparklstm.model.ParameterLayout;

/**
 * The parameters of a {@link OneDnnReplica} off-heap, and the gradient of LSTM layers and softmax
 * layer. That of an embedding that is not tied is the window's {@link EmbeddingGradient}, and where
 * the window has a {@link SampledDecoder}, that of the softmax layer is there.
 *
 * <p>The softmax layer is one matrix [V, H + 1] whose last column is its bias. The embedding is a
 * matrix [V, E]. If tied, it is the rows of the softmax layer's matrix without their bias.
 */
final class OneDnnParameters {
  private final LstmShape shape;
  private final Map<String, Integer> offsets = new HashMap<>();
  private final Trainable[] layers; // each its input weights, recurrent weights and bias
  private final Trainable decoder;
  private final Trainable embedding; // its gradient is elsewhere; if tied, the decoder
  private final FloatIndexer embeddingRows;
  private final int embeddingStride;

  OneDnnParameters(OneDnn oneDnn, LstmShape shape) {
    this.shape = shape;
    ParameterLayout.of(shape).forEach(tensor -> offsets.put(tensor.name(), tensor.offset()));
    int v = shape.vocabularySize();
    int e = shape.embeddingSize();
    this.layers = new Trainable[shape.layers()];
    for (int layer = 0; layer < shape.layers(); layer++) {
      int h = shape.hiddenSize(layer);
      layers[layer] = new Trainable(oneDnn, 4 * h * (shape.inputSize(layer) + h + 1));
    }
    this.decoder = new Trainable(oneDnn, v * (shape.outputSize() + 1));
    this.embedding = shape.tiedEmbeddings() ? decoder : new Trainable(oneDnn, v * e);
    this.embeddingStride = shape.tiedEmbeddings() ? e + 1 : e;
    this.embeddingRows = FloatIndexer.create(embedding.values());
  }

  /** A layer's input weights [4·H, I], recurrent weights [4·H, H] and bias [4·H]. */
  Trainable layer(int layer) {
    return layers[layer];
  }

  /** The softmax layer's matrix [V, H + 1]. */
  Trainable decoder() {
    return decoder;
  }

  /** The embedding, whose row of word w begins at w · {@link #embeddingStride}. */
  FloatIndexer embedding() {
    return embeddingRows;
  }

  int embeddingStride() {
    return embeddingStride;
  }

  private int offset(String tensor) {
    return offsets.get(tensor);
  }

  /** Where the softmax layer's weights [V, H] begin in the flat layout. */
  int decoderWeights() {
    return offset(shape.tiedEmbeddings() ? "embedding.weight" : "decoder.weight");
  }

  /** Where its bias [V] begins there. */
  int decoderBias() {
    return offset("decoder.bias");
  }

  private int layerOffset(int layer) {
    return offset("lstm.weight_ih_l" + layer);
  }

  /** Takes all from the flat layout. */
  void set(float[] flat) {
    int h = shape.outputSize();
    int v = shape.vocabularySize();
    if (!shape.tiedEmbeddings()) {
      embedding.values().put(flat, offset("embedding.weight"), embedding.size());
    }
    for (int layer = 0; layer < layers.length; layer++) {
      layers[layer].values().put(flat, layerOffset(layer), layers[layer].size());
      layers[layer].changed();
    }
    int weight = decoderWeights();
    int bias = decoderBias();
    for (int word = 0; word < v; word++) {
      FloatPointer row = decoder.values().getPointer(word * (h + 1L));
      row.put(flat, weight + word * h, h);
      row.put(h, flat[bias + word]);
    }
    decoder.changed();
  }

  /** All in the flat layout. */
  float[] get() {
    float[] flat = new float[shape.parameterCount()];
    if (!shape.tiedEmbeddings()) {
      embedding.values().get(flat, offset("embedding.weight"), embedding.size());
    }
    for (int layer = 0; layer < layers.length; layer++) {
      layers[layer].values().get(flat, layerOffset(layer), layers[layer].size());
    }
    getDecoder(decoder.values(), flat);
    return flat;
  }

  private void getDecoder(FloatPointer from, float[] flat) {
    int h = shape.outputSize();
    int weight = decoderWeights();
    int bias = decoderBias();
    for (int word = 0; word < shape.vocabularySize(); word++) {
      FloatPointer row = from.getPointer(word * (h + 1L));
      row.get(flat, weight + word * h, h);
      flat[bias + word] = row.get(h);
    }
  }

  /** Writes the gradient of the LSTM layers to its place in the flat layout. */
  void getLayersGradient(float[] flat) {
    for (int layer = 0; layer < layers.length; layer++) {
      layers[layer].gradient().get(flat, layerOffset(layer), layers[layer].size());
    }
  }

  /** Writes the gradient of the softmax layer to its place in the flat layout. */
  void getDecoderGradient(float[] flat) {
    getDecoder(decoder.gradient(), flat);
  }

  /**
   * Adds the gradient of the first layer's inputs to that of the embedding, which is the softmax
   * layer's matrix.
   *
   * @param inputs [N] words
   * @param rows [N, E]
   */
  void addToTiedGradient(int[] inputs, FloatIndexer rows) {
    EmbeddingGradient.addToTied(inputs, rows, decoder.gradient(), shape.embeddingSize());
  }

  /** {@code sum} + Σ g² over the LSTM layers, in double. */
  double addLayersSquares(double sum) {
    double squares = sum;
    for (Trainable layer : layers) {
      squares += layer.squares();
    }
    return squares;
  }

  /** Subtracts {@code part} of each parameter from it. */
  void decay(double part) {
    for (Trainable layer : layers) {
      layer.decay(part);
    }
    decoder.decay(part);
    if (!shape.tiedEmbeddings()) {
      embedding.decay(part);
    }
  }

  /** Subtracts {@code scale} times the gradient from the LSTM layers. */
  void stepLayers(double scale) {
    for (Trainable layer : layers) {
      layer.step(scale);
    }
  }
}
