package org.sparklstm.engine.onednn;

import org.bytedeco.javacpp.FloatPointer;
import org.sparklstm.engine.DropoutNoise;

/**
 * The recurrent weights of a layer after weight-drop, W_hh ⊙ M with a mask M for each window
 * (Merity et al. 2018). The mask is drawn again for the gradient: that costs little time, keeping
 * it would cost memory.
 */
final class DroppedWeights {
  /** Floats that are copied to the Java heap at a time, about: a call for each row takes longer. */
  private static final int BLOCK = 1 << 14;

  private final Trainable dropped;
  private final FloatPointer droppedRows; // these two positioned where they are read or written
  private final FloatPointer plainRows;
  private final int rows;
  private final float[] block; // some rows one after the other
  private final float[] factors; // of a row, [H]
  private long key;
  private float keepProbability;

  /**
   * Weights of zeros.
   *
   * @param plain [4·H, H], read at each {@link #draw}
   */
  DroppedWeights(OneDnn oneDnn, FloatPointer plain, int hiddenSize) {
    this.rows = 4 * hiddenSize;
    this.dropped = new Trainable(oneDnn, rows * hiddenSize);
    this.droppedRows = dropped.values().getPointer(0);
    this.plainRows = plain.getPointer(0);
    this.block = new float[Math.min(rows, Math.max(1, BLOCK / hiddenSize)) * hiddenSize];
    this.factors = new float[hiddenSize];
  }

  /** The weights [4·H, H]; it has no gradient of its own. */
  Trainable weights() {
    return dropped;
  }

  /** Draws the mask of a window, and the weights with it. */
  void draw(long maskKey, float maskKeepProbability) {
    key = maskKey;
    keepProbability = maskKeepProbability;
    multiply(plainRows, droppedRows);
    dropped.changed();
  }

  /** Multiplies the gradient [4·H, H] of these weights with the mask: it becomes that of W_hh. */
  void dropGradient(FloatPointer gradient) {
    multiply(gradient, gradient);
  }

  private void multiply(FloatPointer from, FloatPointer to) {
    int columns = factors.length;
    int most = block.length / columns;
    for (int first = 0; first < rows; first += most) {
      long start = (long) first * columns;
      int count = Math.min(most, rows - first);
      from.position(start).get(block, 0, count * columns);
      for (int i = 0; i < count; i++) {
        DropoutNoise.drawWeights(key, first + i, keepProbability, factors);
        multiply(factors, block, i * columns);
      }
      to.position(start).put(block, 0, count * columns);
    }
  }

  private static void multiply(float[] factors, float[] values, int start) {
    for (int k = 0; k < factors.length; k++) {
      values[start + k] *= factors[k];
    }
  }
}
