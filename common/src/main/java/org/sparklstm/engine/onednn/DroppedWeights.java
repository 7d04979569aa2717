package org.sparklstm.engine.onednn;

import org.bytedeco.javacpp.FloatPointer;
import org.sparklstm.engine.DropoutNoise;

/**
 * The recurrent weights of a layer after weight-drop, W_hh ⊙ M with a mask M for each window
 * (Merity et al. 2018). The mask is drawn again for the gradient: that costs little time, keeping
 * it would cost memory.
 */
final class DroppedWeights {
  private final Trainable dropped;
  private final FloatPointer droppedRows; // these two positioned where they are read or written
  private final FloatPointer plainRows;
  private final int rows;
  private final float[] row;
  private final float[] factors;
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
    this.row = new float[hiddenSize];
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
    for (int i = 0; i < rows; i++) {
      long start = (long) i * row.length;
      DropoutNoise.drawWeights(key, i, keepProbability, factors);
      from.position(start).get(row);
      for (int k = 0; k < row.length; k++) {
        row[k] *= factors[k];
      }
      to.position(start).put(row);
    }
  }
}
