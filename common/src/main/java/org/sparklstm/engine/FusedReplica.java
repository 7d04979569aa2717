package org.sparklstm.engine;

import java.util.function.ObjIntConsumer;
import org.bytedeco.javacpp.FloatPointer;
import org.bytedeco.openblas.presets.openblas_nolapack;
import org.nd4j.linalg.factory.Nd4j;
import org.nd4j.nativeblas.NativeOpsHolder;
import org.sparklstm.model.LstmSpec;
import org.sparklstm.text.Window;

/**
 * The fast engine: oneDNN's LSTM and softmax primitives and matrix products, on off-heap buffers
 * that are allocated once.
 */
final class FusedReplica implements Replica {
  private final LstmSpec spec;
  private final int lanes;
  private final int threads;
  private final OneDnn oneDnn = new OneDnn();
  private final FusedParameters parameters;
  private final FloatPointer[] hidden; // of each layer, [B, H]
  private final FloatPointer[] cell;
  private FusedWindow window; // for windows of the length that came last

  /**
   * A replica, all zeros.
   *
   * @param lanes B, the lanes of every window
   * @param threads that it computes with
   * @throws LinkageError if oneDNN does not run on this machine
   */
  FusedReplica(LstmSpec spec, int lanes, int threads) {
    this.spec = spec;
    this.lanes = lanes;
    this.threads = threads;
    this.hidden = new FloatPointer[spec.layers()];
    this.cell = new FloatPointer[spec.layers()];
    try {
      this.parameters = new FusedParameters(oneDnn, spec);
      for (int layer = 0; layer < spec.layers(); layer++) {
        hidden[layer] = oneDnn.zeros((long) lanes * spec.hiddenSize());
        cell[layer] = oneDnn.zeros((long) lanes * spec.hiddenSize());
      }
    } catch (RuntimeException | Error e) { // no memory
      oneDnn.close();
      throw e;
    }
  }

  /**
   * Bytes that a replica takes, an upper bound.
   *
   * @param length T of its windows
   */
  static long bytes(LstmSpec spec, long lanes, long length) {
    long h = spec.hiddenSize();
    long l = spec.layers();
    long v = spec.vocabularySize();
    long n = length * lanes;
    long lstm = l * (8 * h * h + 4 * h);
    long softmax = v * (h + 1);
    long weights = 2 * (lstm + softmax) + lstm + (spec.tiedEmbeddings() ? 0 : v * h);
    // Gradients, and of each layer inputs, outputs, mask and oneDNN's workspace; its scratchpad.
    long activations = n * h * (4 + l * (3 + 8)) + n * 12 * h;
    return Float.BYTES * (weights + activations + SoftmaxLayer.logits(v, n)) * 11 / 10;
  }

  @Override
  public void setParameters(float[] values) {
    requireLength("parameters", values, spec.parameterCount());
    useThreads();
    parameters.set(values);
  }

  /** OpenMP's count is the calling thread's own, so each task sets it. */
  private void useThreads() {
    Nd4j.getEnvironment(); // loads ND4J, whose OpenMP is oneDNN's too
    NativeOpsHolder.getInstance().getDeviceNativeOps().setOmpNumThreads(threads);
    openblas_nolapack.blas_set_num_threads(1);
  }

  @Override
  public float[] parameters() {
    return parameters.get();
  }

  @Override
  public void setLaneState(float[] state) {
    requireLength("floats of lane state", state, lanes * spec.laneStateSize());
    forEachState((row, offset) -> row.put(state, offset, spec.hiddenSize()));
  }

  @Override
  public float[] laneState() {
    float[] state = new float[lanes * spec.laneStateSize()];
    forEachState((row, offset) -> row.get(state, offset, spec.hiddenSize()));
    return state;
  }

  /** Hands out each lane's state of each layer, [H], with its place in [B, L, 2, H]. */
  private void forEachState(ObjIntConsumer<FloatPointer> consumer) {
    int h = spec.hiddenSize();
    for (int lane = 0; lane < lanes; lane++) {
      for (int layer = 0; layer < spec.layers(); layer++) {
        int offset = (lane * spec.layers() + layer) * 2 * h;
        consumer.accept(hidden[layer].getPointer((long) lane * h), offset);
        consumer.accept(cell[layer].getPointer((long) lane * h), offset + h);
      }
    }
  }

  @Override
  public LossSum backpropagate(Window next, long noiseSeed) {
    prepare(next, true);
    return new LossSum(window.train(next, noiseSeed), next.targets().length);
  }

  /** What goes to native memory is not checked there. */
  private static void requireLength(String what, float[] array, int length) {
    if (array.length != length) {
      throw new IllegalArgumentException(
          "Needs %s %s, got %s".formatted(length, what, array.length));
    }
  }

  private void prepare(Window next, boolean training) {
    if (next.lanes() != lanes) {
      throw new IllegalArgumentException(
          "Needs windows of %s lanes, got %s".formatted(lanes, next.lanes()));
    }
    if (window == null || !window.serves(next.length(), training)) {
      FusedWindow old = window;
      window = null;
      parameters.forgetEmbeddingGradient(); // which is in the old window's buffers
      if (old != null) {
        old.close();
      }
      OneDnn buffers = new OneDnn();
      try {
        window =
            new FusedWindow(
                buffers, spec, lanes, next.length(), training, parameters, hidden, cell);
      } catch (RuntimeException | Error e) { // no memory
        buffers.close();
        throw e;
      }
    }
  }

  @Override
  public float[] gradient() {
    return parameters.gradient();
  }

  @Override
  public double step(double rate, double maxGradNorm) {
    double norm = parameters.gradientNorm();
    if (Double.isFinite(norm)) {
      parameters.step(rate * Math.min(1, maxGradNorm / norm));
    }
    return norm;
  }

  @Override
  public LossSum evaluate(Window next) {
    prepare(next, false);
    return new LossSum(window.infer(next), next.targets().length);
  }

  @Override
  public void close() {
    if (window != null) {
      window.close();
    }
    oneDnn.close();
  }
}
