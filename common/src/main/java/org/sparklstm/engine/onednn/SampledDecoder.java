package org.sparklstm.engine.onednn;

import java.util.Arrays;
import org.bytedeco.javacpp.FloatPointer;
import org.bytedeco.javacpp.indexer.FloatIndexer;
import org.sparklstm.engine.SampledWords;
import org.sparklstm.model.LstmShape;

/**
 * The rows of the softmax layer's matrix that a window needs, and their gradient: those of its
 * targets and of sampled words. If embeddings are tied, those of its inputs too, which have
 * gradients but the probability 0. They are at most C; rows that are left over are zeros, of
 * probability 0.
 */
final class SampledDecoder {
  /** A logit whose probability is 0. */
  private static final float NEVER = -1e30f;

  private final Trainable decoder; // [V, H + 1]
  private final Trainable rows; // [C, H + 1]
  private final boolean tied;
  private final SampledWords sampling;
  private final int[] words; // of the rows, [C]
  private final int[] rowOf; // of each of the V words; -1: none
  private int count; // rows that the window needs
  // Positioned where they are read or written, and a row of each.
  private final FloatPointer decoderFloats;
  private final FloatPointer rowFloats;
  private final FloatPointer gradientFloats;
  private final float[] row;
  private final float[] gradientRow;

  /**
   * Rows of zeros.
   *
   * @param decoder [V, H + 1]
   * @param samples words besides the targets, on average
   * @param targets N of a window
   */
  SampledDecoder(OneDnn oneDnn, Trainable decoder, LstmShape shape, int samples, int targets) {
    int v = shape.vocabularySize();
    int stride = shape.outputSize() + 1;
    this.sampling = new SampledWords(v, samples);
    this.tied = shape.tiedEmbeddings();
    this.words = new int[Math.min(v, (tied ? 2 : 1) * targets + sampling.most())];
    this.count = words.length; // so that the first window clears all that it does not need
    this.rowOf = new int[v];
    Arrays.fill(rowOf, -1);
    this.decoder = decoder;
    this.rows = new Trainable(oneDnn, Math.multiplyExact(words.length, stride));
    this.decoderFloats = decoder.values().getPointer(0);
    this.rowFloats = rows.values().getPointer(0);
    this.gradientFloats = rows.gradient().getPointer(0);
    this.row = new float[stride];
    this.gradientRow = new float[stride];
  }

  /** The rows [C, H + 1] and their gradient. */
  Trainable rows() {
    return rows;
  }

  /**
   * Copies the rows of a window.
   *
   * @param inputs [N]
   * @param targets [N]
   * @return a new array [N]: the row of each target
   */
  int[] gather(int[] inputs, int[] targets, long noiseSeed, int window) {
    int before = count;
    for (int i = 0; i < before; i++) {
      rowOf[words[i]] = -1;
    }
    count = 0;
    for (int target : targets) {
      add(target, 0);
    }
    for (int word : sampling.draw(noiseSeed, window)) {
      add(word, (float) -Math.log(sampling.probability(word)));
    }
    if (tied) {
      for (int input : inputs) {
        add(input, NEVER);
      }
    }
    Arrays.fill(row, 0);
    row[row.length - 1] = NEVER;
    for (int i = count; i < before; i++) {
      rowFloats.position((long) i * row.length).put(row);
    }
    rows.changed();
    return rowsOf(targets);
  }

  private int[] rowsOf(int[] ofWords) {
    return Arrays.stream(ofWords).map(word -> rowOf[word]).toArray();
  }

  /** Adds a word that is not there yet. */
  private void add(int word, float toLogit) {
    if (rowOf[word] >= 0) {
      return;
    }
    decoderFloats.position((long) word * row.length).get(row);
    row[row.length - 1] += toLogit;
    rowFloats.position((long) count * row.length).put(row);
    words[count] = word;
    rowOf[word] = count++;
  }

  /**
   * Adds the gradient of the first layer's inputs to that of tied embeddings.
   *
   * @param inputs [N]
   * @param inputGradient [N, H]
   */
  void addToGradient(int[] inputs, FloatIndexer inputGradient) {
    EmbeddingGradient.addToTied(rowsOf(inputs), inputGradient, rows.gradient(), row.length - 1);
  }

  /** Σ g², in double. */
  double squares() {
    return rows.squares();
  }

  /** matrix −= scale · g. */
  void step(double scale) {
    float factor = (float) scale;
    for (int i = 0; i < count; i++) {
      long at = (long) words[i] * row.length;
      gradientFloats.position((long) i * row.length).get(gradientRow);
      decoderFloats.position(at).get(row);
      for (int k = 0; k < row.length; k++) {
        row[k] -= factor * gradientRow[k];
      }
      decoderFloats.position(at).put(row);
    }
    decoder.changed();
  }

  /** Writes the gradient to {@code flat}, where that of the weights and the bias begins. */
  void get(float[] flat, int weights, int bias) {
    int h = gradientRow.length - 1;
    for (int i = 0; i < count; i++) {
      gradientFloats.position((long) i * gradientRow.length).get(gradientRow);
      System.arraycopy(gradientRow, 0, flat, weights + words[i] * h, h);
      flat[bias + words[i]] = gradientRow[h];
    }
  }
}
