package org.sparklstm.engine.onednn;

import java.util.List;
import org.bytedeco.dnnl.memory;
import org.bytedeco.javacpp.FloatPointer;

/**
 * The weights of one LSTM layer. Input weights [H, 4·H], recurrent weights [H, 4·H] and bias [4·H]
 * are trained; the two matrices stand a second time transposed, [4·H, H], as the backward pass and
 * {@link org.sparklstm.model.ParameterLayout} have them.
 */
final class LayerWeights {
  private final OneDnn oneDnn;
  private final int hiddenSize;
  private final int matrix; // floats of a matrix
  private final Trainable trainable;
  private final FloatPointer transposed; // both matrices
  private final memory input;
  private final memory recurrent;
  private final memory bias;
  private final memory transposedInput;
  private final memory transposedRecurrent;
  private memory inputGradient; // these three only once the layer is trained
  private memory recurrentGradient;
  private memory biasGradient;
  private final List<Runnable> toTransposed;
  private final List<Runnable> fromTransposed;

  LayerWeights(OneDnn oneDnn, int hiddenSize) {
    this.oneDnn = oneDnn;
    this.hiddenSize = hiddenSize;
    this.matrix = 4 * hiddenSize * hiddenSize;
    this.trainable = new Trainable(oneDnn, 2 * matrix + 4 * hiddenSize);
    this.transposed = oneDnn.zeros(2L * matrix);
    this.input = weights(trainable.values(), 0);
    this.recurrent = weights(trainable.values(), matrix);
    this.bias = bias(trainable.values());
    this.transposedInput = transposed(0);
    this.transposedRecurrent = transposed(matrix);
    this.toTransposed =
        List.of(
            oneDnn.reorder(input, transposedInput), oneDnn.reorder(recurrent, transposedRecurrent));
    this.fromTransposed =
        List.of(
            oneDnn.reorder(transposedInput, input), oneDnn.reorder(transposedRecurrent, recurrent));
  }

  Trainable trainable() {
    return trainable;
  }

  memory input() {
    return input;
  }

  memory recurrent() {
    return recurrent;
  }

  memory bias() {
    return bias;
  }

  memory transposedInput() {
    return transposedInput;
  }

  memory transposedRecurrent() {
    return transposedRecurrent;
  }

  memory inputGradient() {
    prepareGradient();
    return inputGradient;
  }

  memory recurrentGradient() {
    prepareGradient();
    return recurrentGradient;
  }

  memory biasGradient() {
    prepareGradient();
    return biasGradient;
  }

  private void prepareGradient() {
    if (inputGradient == null) {
      inputGradient = weights(trainable.gradient(), 0);
      recurrentGradient = weights(trainable.gradient(), matrix);
      biasGradient = bias(trainable.gradient());
    }
  }

  private memory weights(FloatPointer all, long offset) {
    return oneDnn.memory(LstmPrimitives.weights(oneDnn, hiddenSize), all.getPointer(offset));
  }

  private memory bias(FloatPointer all) {
    return oneDnn.memory(LstmPrimitives.bias(oneDnn, hiddenSize), all.getPointer(2L * matrix));
  }

  private memory transposed(long offset) {
    return oneDnn.memory(
        LstmPrimitives.transposedWeights(oneDnn, hiddenSize), transposed.getPointer(offset));
  }

  /** Takes the layer's parameters from {@code flat}, where they begin at {@code offset}. */
  void set(float[] flat, int offset) {
    transposed.put(flat, offset, 2 * matrix);
    fromTransposed.forEach(Runnable::run);
    trainable.values().getPointer(2L * matrix).put(flat, offset + 2 * matrix, 4 * hiddenSize);
  }

  /** Writes the layer's parameters to {@code flat} from {@code offset} on. */
  void get(float[] flat, int offset) {
    transposed.get(flat, offset, 2 * matrix);
    trainable.values().getPointer(2L * matrix).get(flat, offset + 2 * matrix, 4 * hiddenSize);
  }

  /** The same for the gradient. */
  void getGradient(float[] flat, int offset) {
    float[] gradient = new float[2 * matrix];
    trainable.gradient().get(gradient);
    for (int part = 0; part < 2; part++) {
      for (int unit = 0; unit < hiddenSize; unit++) {
        for (int gate = 0; gate < 4 * hiddenSize; gate++) {
          flat[offset + part * matrix + gate * hiddenSize + unit] =
              gradient[part * matrix + unit * 4 * hiddenSize + gate];
        }
      }
    }
    trainable.gradient().getPointer(2L * matrix).get(flat, offset + 2 * matrix, 4 * hiddenSize);
  }

  void step(double scale) {
    trainable.step(scale);
    toTransposed.forEach(Runnable::run);
  }
}
