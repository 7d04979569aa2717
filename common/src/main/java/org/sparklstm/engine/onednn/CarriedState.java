package org.sparklstm.engine.onednn;

import java.util.function.ObjIntConsumer;
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
      hidden[layer] = oneDnn.zeros((long) lanes * shape.hiddenSize());
      cell[layer] = oneDnn.zeros((long) lanes * shape.hiddenSize());
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

  /** Takes all from [B, L, 2, H]. */
  void set(float[] state) {
    for (int lane = 0; lane < lanes; lane++) {
      forEach(lane, (row, offset) -> row.put(state, offset, shape.hiddenSize()));
    }
  }

  /** Sets the state of one lane to zero. */
  void clear(int lane) {
    float[] zeros = new float[shape.hiddenSize()];
    forEach(lane, (row, offset) -> row.put(zeros));
  }

  /** All as a new array [B, L, 2, H]. */
  float[] get() {
    float[] state = new float[lanes * shape.laneStateSize()];
    for (int lane = 0; lane < lanes; lane++) {
      forEach(lane, (row, offset) -> row.get(state, offset, shape.hiddenSize()));
    }
    return state;
  }

  /** Hands out a lane's state of each layer, [H], with its place in [B, L, 2, H]. */
  private void forEach(int lane, ObjIntConsumer<FloatPointer> consumer) {
    int h = shape.hiddenSize();
    for (int layer = 0; layer < shape.layers(); layer++) {
      int offset = (lane * shape.layers() + layer) * 2 * h;
      consumer.accept(hidden[layer].getPointer((long) lane * h), offset);
      consumer.accept(cell[layer].getPointer((long) lane * h), offset + h);
    }
  }
}
