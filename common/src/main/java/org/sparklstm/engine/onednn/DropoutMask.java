package org.sparklstm.engine.onednn;

import org.bytedeco.javacpp.indexer.FloatIndexer;
import org.sparklstm.engine.Dropout;
import org.sparklstm.engine.DropoutNoise;
import org.sparklstm.text.Window;

/**
 * What the activations that enter a layer are multiplied with in a window, N = T·B rows of I units:
 * their {@link DropoutNoise}, and in front of the first layer that of the words too.
 */
final class DropoutMask {
  private final OneDnn oneDnn;
  private final int layer;
  private final int layers;
  private final int lanes;
  private final int length;
  private final float[] row; // [I]
  private FloatIndexer factors; // [rows, I]; null before the first ones
  private int rows; // after which the factors begin again; 0: all stay as they are

  /**
   * A mask that changes nothing. Its buffer is {@code oneDnn}'s once something is dropped.
   *
   * @param layer from 0; L: the softmax layer
   * @param layers L
   * @param length T
   * @param size I
   */
  DropoutMask(OneDnn oneDnn, int layer, int layers, int lanes, int length, int size) {
    this.oneDnn = oneDnn;
    this.layer = layer;
    this.layers = layers;
    this.lanes = lanes;
    this.length = length;
    this.row = new float[size];
  }

  /** Draws that of a window. */
  void draw(Window window, Dropout dropout, long noiseSeed) {
    rows = 0;
    boolean words = layer == 0 && dropout.dropsWords();
    float keepProbability = dropout.keepProbability(layer, layers);
    if (keepProbability == 1 && !words) {
      return;
    }
    int drawn = keepProbability < 1 ? dropout.masks(length) : 1;
    int steps = words ? length : drawn;
    rows = steps * lanes;
    long count = (long) rows * row.length;
    if (factors == null || factors.size(0) < count) {
      factors = FloatIndexer.create(oneDnn.zeros(count));
    }
    for (int lane = 0; lane < lanes; lane++) {
      long key = DropoutNoise.key(noiseSeed, window.index(), window.firstLane() + lane, layer);
      for (int t = 0; t < steps; t++) {
        if (t < drawn) { // else the row is still that of time step 0
          DropoutNoise.draw(key, t, keepProbability, row);
        }
        factors.put((long) (t * lanes + lane) * row.length, row);
      }
    }
    if (words) {
      dropWords(window, dropout.embeddingKeepProbability(), noiseSeed);
    }
  }

  /** Multiplies each row with the factor of its word. */
  private void dropWords(Window window, float keepProbability, long noiseSeed) {
    long key = DropoutNoise.key(noiseSeed, window.index(), DropoutNoise.ALL_LANES, layers);
    for (int i = 0; i < window.inputs().length; i++) {
      float factor = DropoutNoise.factor(key, window.inputs()[i], keepProbability);
      long start = (long) i * row.length;
      for (int unit = 0; unit < row.length; unit++) {
        factors.put(start + unit, factors.get(start + unit) * factor);
      }
    }
  }

  /** From here on all stay as they are. */
  void keepAll() {
    rows = 0;
  }

  /**
   * Copies a row of activations, multiplied with the mask.
   *
   * @param start of the row in {@code from}
   * @param toStart of the row in {@code to}
   * @param number of the row, from 0 to N
   */
  void copy(FloatIndexer from, long start, FloatIndexer to, long toStart, int number) {
    int size = row.length;
    if (rows == 0) {
      for (int unit = 0; unit < size; unit++) {
        to.put(toStart + unit, from.get(start + unit));
      }
    } else {
      long ofMask = (long) (number % rows) * size;
      for (int unit = 0; unit < size; unit++) {
        to.put(toStart + unit, from.get(start + unit) * factors.get(ofMask + unit));
      }
    }
  }

  /** Multiplies the gradient of the activations [N, I] with the mask, in place. */
  void multiply(FloatIndexer gradient) {
    if (rows == 0) {
      return;
    }
    for (int number = 0; number < length * lanes; number++) {
      long start = (long) number * row.length;
      copy(gradient, start, gradient, start, number);
    }
  }
}
