package org.sparklstm.engine;

import java.util.List;
import org.bytedeco.dnnl.memory;
import org.bytedeco.javacpp.FloatPointer;

/**
 * The weights of one LSTM layer. Input weights [H, 4·H], recurrent weights [H, 4·H] and bias [4·H]
 * are trained; the two matrices stand a second time transposed, [4·H, H], as the backward pass and
 * {@link org.sparklstm.model.ParameterLayout} have them.
 */
final class LstmWeights {
  private final OneDnn oneDnn;
  private final int hiddenSize;
  private final int matrix; // floats of a matrix
  private final Trained trained;
  private final FloatPointer transposed; // both matrices
  private final List<Runnable> transpose;
  private final List<Runnable> untranspose;

  LstmWeights(OneDnn oneDnn, int hiddenSize) {
    this.oneDnn = oneDnn;
    this.hiddenSize = hiddenSize;
    this.matrix = 4 * hiddenSize * hiddenSize;
    this.trained = new Trained(oneDnn, 2 * matrix + 4 * hiddenSize);
    this.transposed = oneDnn.zeros(2L * matrix);
    this.transpose =
        List.of(
            oneDnn.reorder(input(), transposedInput()),
            oneDnn.reorder(recurrent(), transposedRecurrent()));
    this.untranspose =
        List.of(
            oneDnn.reorder(transposedInput(), input()),
            oneDnn.reorder(transposedRecurrent(), recurrent()));
  }

  Trained trained() {
    return trained;
  }

  memory input() {
    return weights(trained.values(), 0);
  }

  memory recurrent() {
    return weights(trained.values(), matrix);
  }

  memory bias() {
    return bias(trained.values());
  }

  memory inputGradient() {
    return weights(trained.gradient(), 0);
  }

  memory recurrentGradient() {
    return weights(trained.gradient(), matrix);
  }

  memory biasGradient() {
    return bias(trained.gradient());
  }

  memory transposedInput() {
    return transposed(0);
  }

  memory transposedRecurrent() {
    return transposed(matrix);
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
    untranspose.forEach(Runnable::run);
    trained.values().getPointer(2L * matrix).put(flat, offset + 2 * matrix, 4 * hiddenSize);
  }

  /** Writes the layer's parameters to {@code flat} from {@code offset} on. */
  void get(float[] flat, int offset) {
    transposed.get(flat, offset, 2 * matrix);
    trained.values().getPointer(2L * matrix).get(flat, offset + 2 * matrix, 4 * hiddenSize);
  }

  /** The same for the gradient. */
  void getGradient(float[] flat, int offset) {
    float[] gradient = new float[2 * matrix];
    trained.gradient().get(gradient);
    for (int part = 0; part < 2; part++) {
      for (int unit = 0; unit < hiddenSize; unit++) {
        for (int gate = 0; gate < 4 * hiddenSize; gate++) {
          flat[offset + part * matrix + gate * hiddenSize + unit] =
              gradient[part * matrix + unit * 4 * hiddenSize + gate];
        }
      }
    }
    trained.gradient().getPointer(2L * matrix).get(flat, offset + 2 * matrix, 4 * hiddenSize);
  }

  void step(double scale) {
    trained.step(scale);
    transpose.forEach(Runnable::run);
  }
}
