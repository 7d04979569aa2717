package org.sparklstm.engine.onednn;

import org.bytedeco.javacpp.FloatPointer;
import org.sparklstm.model.LstmShape;

/**
 * The state that a replica carries from window to window: hidden and cell of each layer, [B, H].
 */
final class CarriedState {
  private final LstmShape shape;
  private final int lanes;
  private final FloatPointer[] hidden;
  private final FloatPointer[] cell;

  /** Zeros, which {@code oneDnn} owns. */
  CarriedState(OneDnn oneDnn, LstmShape shape, int lanes) {
    this.shape = shape;
    this.lanes = lanes;
    this.hidden = new FloatPointer[shape.layers()];
    this.cell = new FloatPointer[shape.layers()];
    for (int layer = 0; layer < shape.layers(); layer++) {
      hidden[layer] = oneDnn.zeros((long) lanes * shape.hiddenSize(layer));
      cell[layer] = oneDnn.zeros((long) lanes * shape.hiddenSize(layer));
    }
  }

  int lanes() {
    return lanes;
  }

  /** The hidden state of a layer, [B, H]. */
  FloatPointer hidden(int layer) {
    return hidden[layer];
  }

  /** The cell state of a layer, [B, H]. */
  FloatPointer cell(int layer) {
    return cell[layer];
  }

  /** Takes all from [B, S]. */
  void set(float[] state) {
    for (int lane = 0; lane < lanes; lane++) {
      forEach(lane, (row, h, offset) -> row.put(state, offset, h));
    }
  }

  /** Sets the state of one lane to zero. */
  void clear(int lane) {
    forEach(lane, (row, h, offset) -> row.put(new float[h]));
  }

  /** All as a new array [B, S]. */
  float[] get() {
    float[] state = new float[lanes * shape.laneStateSize()];
    for (int lane = 0; lane < lanes; lane++) {
      forEach(lane, (row, h, offset) -> row.get(state, offset, h));
    }
    return state;
  }

  /** Takes a lane's state of a layer, [H], and its place in [B, S]. */
  private interface Taker {
    void take(FloatPointer state, int hiddenSize, int offset);
  }

  /** Hands out a lane's state of each layer. */
  private void forEach(int lane, Taker taker) {
    for (int layer = 0; layer < shape.layers(); layer++) {
      int h = shape.hiddenSize(layer);
      int offset = lane * shape.laneStateSize() + shape.stateOffset(layer);
      taker.take(hidden[layer].getPointer((long) lane * h), h, offset);
      taker.take(cell[layer].getPointer((long) lane * h), h, offset + h);
    }
  }
}
