package org.sparklstm.engine;

import java.util.Arrays;
import java.util.HashMap;
import java.util.Map;
import org.bytedeco.javacpp.FloatPointer;
import org.bytedeco.javacpp.indexer.FloatIndexer;
import org.sparklstm.model.LstmSpec;
import org.sparklstm.model.ParameterLayout;

/**
 * The parameters of a {@link FusedReplica} off-heap, and their gradient.
 *
 * <p>The softmax layer is one matrix [V, H + 1] whose last column is its bias. The embedding is [V,
 * H], or those rows if tied; its gradient exists only for the words of a window.
 */
final class FusedParameters {
  private final LstmSpec spec;
  private final Map<String, Integer> offsets = new HashMap<>();
  private final LstmWeights[] layers;
  private final Parameter decoder;
  private final FloatPointer embedding;
  private final FloatIndexer embeddingRows;
  private final int embeddingStride;

  // The embedding's gradient: the first row of a word in the window has the sum of the word's rows.
  private FloatIndexer inputGradient; // [T·B, H]
  private final int[] firstRow; // of each word; -1: the word is not in the window
  private int[] words = {}; // the window's words, each once
  private int distinct;

  FusedParameters(OneDnn oneDnn, LstmSpec spec) {
    this.spec = spec;
    ParameterLayout.of(spec).forEach(tensor -> offsets.put(tensor.name(), tensor.offset()));
    int v = spec.vocabularySize();
    int h = spec.hiddenSize();
    this.layers = new LstmWeights[spec.layers()];
    for (int layer = 0; layer < spec.layers(); layer++) {
      layers[layer] = new LstmWeights(oneDnn, h);
    }
    this.decoder = new Parameter(oneDnn, v * (h + 1));
    this.embedding = spec.tiedEmbeddings() ? decoder.values() : oneDnn.zeros((long) v * h);
    this.embeddingStride = spec.tiedEmbeddings() ? h + 1 : h;
    this.embeddingRows = FloatIndexer.create(embedding);
    this.firstRow = new int[v];
    Arrays.fill(firstRow, -1);
  }

  LstmWeights layer(int layer) {
    return layers[layer];
  }

  Parameter decoder() {
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

  private String decoderWeight() {
    return spec.tiedEmbeddings() ? "embedding.weight" : "decoder.weight";
  }

  private int layerOffset(int layer) {
    return offset("lstm.weight_ih_l" + layer);
  }

  /** Takes all from the flat layout. */
  void set(float[] flat) {
    int h = spec.hiddenSize();
    int v = spec.vocabularySize();
    if (!spec.tiedEmbeddings()) {
      embedding.put(flat, offset("embedding.weight"), v * h);
    }
    for (int layer = 0; layer < layers.length; layer++) {
      layers[layer].set(flat, layerOffset(layer));
    }
    int weight = offset(decoderWeight());
    int bias = offset("decoder.bias");
    for (int word = 0; word < v; word++) {
      FloatPointer row = decoder.values().getPointer(word * (h + 1L));
      row.put(flat, weight + word * h, h);
      row.put(h, flat[bias + word]);
    }
  }

  /** All in the flat layout. */
  float[] get() {
    float[] flat = new float[spec.parameterCount()];
    if (!spec.tiedEmbeddings()) {
      embedding.get(flat, offset("embedding.weight"), spec.vocabularySize() * spec.hiddenSize());
    }
    for (int layer = 0; layer < layers.length; layer++) {
      layers[layer].get(flat, layerOffset(layer));
    }
    getDecoder(decoder.values(), flat);
    return flat;
  }

  private void getDecoder(FloatPointer from, float[] flat) {
    int h = spec.hiddenSize();
    int weight = offset(decoderWeight());
    int bias = offset("decoder.bias");
    for (int word = 0; word < spec.vocabularySize(); word++) {
      FloatPointer row = from.getPointer(word * (h + 1L));
      row.get(flat, weight + word * h, h);
      flat[bias + word] = row.get(h);
    }
  }

  /** The gradient in the flat layout. */
  float[] gradient() {
    int h = spec.hiddenSize();
    float[] flat = new float[spec.parameterCount()];
    for (int layer = 0; layer < layers.length; layer++) {
      layers[layer].getGradient(flat, layerOffset(layer));
    }
    getDecoder(decoder.gradient(), flat);
    for (int i = 0; i < distinct; i++) {
      for (int unit = 0; unit < h; unit++) {
        flat[offset("embedding.weight") + words[i] * h + unit] =
            inputGradient.get((long) firstRow[words[i]] * h + unit);
      }
    }
    return flat;
  }

  /**
   * Makes the embedding's gradient from that of the first layer's inputs.
   *
   * @param inputs [T·B] words
   * @param rows [T·B, H], changed
   */
  void embeddingGradient(int[] inputs, FloatIndexer rows) {
    if (spec.tiedEmbeddings()) {
      FloatIndexer gradient = FloatIndexer.create(decoder.gradient());
      for (int row = 0; row < inputs.length; row++) {
        addRow(rows, row, gradient, (long) inputs[row] * embeddingStride);
      }
      return;
    }
    forgetEmbeddingGradient();
    if (words.length < inputs.length) {
      words = new int[inputs.length];
    }
    inputGradient = rows;
    for (int row = 0; row < inputs.length; row++) {
      int word = inputs[row];
      if (firstRow[word] < 0) {
        firstRow[word] = row;
        words[distinct++] = word;
      } else {
        addRow(rows, row, rows, (long) firstRow[word] * spec.hiddenSize());
      }
    }
  }

  /** Makes it zero. */
  void forgetEmbeddingGradient() {
    for (int i = 0; i < distinct; i++) {
      firstRow[words[i]] = -1;
    }
    distinct = 0;
    inputGradient = null;
  }

  private void addRow(FloatIndexer from, int row, FloatIndexer to, long offset) {
    int h = spec.hiddenSize();
    for (int unit = 0; unit < h; unit++) {
      to.put(offset + unit, to.get(offset + unit) + from.get((long) row * h + unit));
    }
  }

  /** Clears what the backward pass adds to. */
  void clearGradient() {
    for (LstmWeights layer : layers) {
      OneDnn.clear(layer.parameter().gradient());
    }
  }

  /** ‖g‖, the global norm of the gradient. */
  double gradientNorm() {
    double squares = decoder.squares();
    for (LstmWeights layer : layers) {
      squares += layer.parameter().squares();
    }
    int h = spec.hiddenSize();
    for (int i = 0; i < distinct; i++) {
      long row = (long) firstRow[words[i]] * h;
      for (int unit = 0; unit < h; unit++) {
        double g = inputGradient.get(row + unit);
        squares += g * g;
      }
    }
    return Math.sqrt(squares);
  }

  /** Subtracts {@code scale} times the gradient. */
  void step(double scale) {
    decoder.step(scale);
    for (LstmWeights layer : layers) {
      layer.step(scale);
    }
    int h = spec.hiddenSize();
    float factor = (float) scale;
    for (int i = 0; i < distinct; i++) {
      long row = (long) firstRow[words[i]] * h;
      long word = (long) words[i] * h;
      for (int unit = 0; unit < h; unit++) {
        float change = factor * inputGradient.get(row + unit);
        embeddingRows.put(word + unit, embeddingRows.get(word + unit) - change);
      }
    }
  }
}
