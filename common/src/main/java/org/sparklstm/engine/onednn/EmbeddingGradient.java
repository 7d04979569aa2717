package org.sparklstm.engine.onednn;

import java.util.Arrays;
import org.bytedeco.javacpp.FloatPointer;
import org.bytedeco.javacpp.indexer.FloatIndexer;

/**
 * The gradient of an embedding [V, E] that is not tied. It exists only for the words of a window,
 * in the memory that holds the gradient of the window's inputs, and so belongs to the window.
 */
final class EmbeddingGradient {
  private final FloatIndexer rows; // [N, E]; a word's sum stands in the first of its rows
  private final int embeddingSize;
  private final int[] firstRow; // of each of the V words; -1: the word is not in the window
  private final int[] words; // the window's words, each once
  private int distinct;

  /**
   * A gradient of zeros.
   *
   * @param rows [N, E], the gradient of the window's inputs
   * @param count N
   */
  EmbeddingGradient(FloatIndexer rows, int count, int vocabularySize, int embeddingSize) {
    this.rows = rows;
    this.embeddingSize = embeddingSize;
    this.words = new int[count];
    this.firstRow = new int[vocabularySize];
    Arrays.fill(firstRow, -1);
  }

  /**
   * Sums the rows of each word, in place.
   *
   * @param inputs [N] the words whose gradient the rows hold
   */
  void sum(int[] inputs) {
    for (int i = 0; i < distinct; i++) {
      firstRow[words[i]] = -1;
    }
    distinct = 0;
    for (int row = 0; row < inputs.length; row++) {
      int word = inputs[row];
      if (firstRow[word] < 0) {
        firstRow[word] = row;
        words[distinct++] = word;
      } else {
        addRow(rows, row, rows, (long) firstRow[word] * embeddingSize, embeddingSize);
      }
    }
  }

  /**
   * Adds row {@code row} of {@code from} [N, E] to the E floats at {@code offset} of {@code to}.
   */
  private static void addRow(
      FloatIndexer from, int row, FloatIndexer to, long offset, int embeddingSize) {
    for (int unit = 0; unit < embeddingSize; unit++) {
      to.put(offset + unit, to.get(offset + unit) + from.get((long) row * embeddingSize + unit));
    }
  }

  /**
   * Adds the gradient of a window's inputs to that of a softmax layer's matrix, whose rows are the
   * embedding too.
   *
   * @param places [N]: the row of each input's word in the matrix
   * @param from [N, E]
   * @param gradient of the matrix, whose rows are E + 1 long
   */
  static void addToTied(int[] places, FloatIndexer from, FloatPointer gradient, int embeddingSize) {
    FloatIndexer to = FloatIndexer.create(gradient);
    for (int row = 0; row < places.length; row++) {
      addRow(from, row, to, places[row] * (embeddingSize + 1L), embeddingSize);
    }
  }

  /** {@code sum} + Σ g², one element after the other in double. */
  double addSquares(double sum) {
    double squares = sum;
    for (int i = 0; i < distinct; i++) {
      long row = (long) firstRow[words[i]] * embeddingSize;
      for (int unit = 0; unit < embeddingSize; unit++) {
        double g = rows.get(row + unit);
        squares += g * g;
      }
    }
    return squares;
  }

  /** embedding −= scale · g. */
  void step(double scale, FloatIndexer embedding) {
    float factor = (float) scale;
    for (int i = 0; i < distinct; i++) {
      long row = (long) firstRow[words[i]] * embeddingSize;
      long word = (long) words[i] * embeddingSize;
      for (int unit = 0; unit < embeddingSize; unit++) {
        float change = factor * rows.get(row + unit);
        embedding.put(word + unit, embedding.get(word + unit) - change);
      }
    }
  }

  /** Writes the words' rows to {@code flat}, where the embedding's gradient begins at offset. */
  void get(float[] flat, int offset) {
    for (int i = 0; i < distinct; i++) {
      for (int unit = 0; unit < embeddingSize; unit++) {
        flat[offset + words[i] * embeddingSize + unit] =
            rows.get((long) firstRow[words[i]] * embeddingSize + unit);
      }
    }
  }
}
