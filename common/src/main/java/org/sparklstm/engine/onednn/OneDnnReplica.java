package org.sparklstm.engine.onednn;

import java.util.HashMap;
import java.util.Map;
import java.util.Optional;
import org.bytedeco.openblas.presets.openblas_nolapack;
import org.nd4j.linalg.factory.Nd4j;
import org.nd4j.nativeblas.NativeOpsHolder;
import org.sparklstm.engine.LossSum;
import org.sparklstm.engine.Optimiser;
import org.sparklstm.engine.Precision;
import org.sparklstm.engine.Regularisation;
import org.sparklstm.engine.Replica;
import org.sparklstm.engine.Sgd;
import org.sparklstm.model.LstmShape;
import org.sparklstm.text.Window;

/** oneDNN's matrix products and functions, on off-heap buffers that windows of a length share. */
final class OneDnnReplica implements Replica {
  /** Lengths of windows that may come in turn without new buffers each time. */
  private static final int LENGTHS = 3;

  private final LstmShape shape;
  private final Precision precision;
  private final OneDnn oneDnn = new OneDnn();
  private final OneDnnParameters parameters;
  private final CarriedState state;
  private float[] optimiserState = {};

  /** By length: some that train in the same way, or one that infers. */
  private final Map<Integer, OneDnnWindow> windows = new HashMap<>();

  private OneDnnWindow window; // the one of them that was used last; null before the first

  /**
   * A replica, all zeros.
   *
   * @param lanes B, the lanes of every window
   * @param precision of training
   * @throws LinkageError if oneDNN does not run on this machine
   */
  OneDnnReplica(LstmShape shape, int lanes, Precision precision) {
    this.shape = shape;
    this.precision = precision;
    try {
      this.parameters = new OneDnnParameters(oneDnn, shape);
      this.state = new CarriedState(oneDnn, shape, lanes);
    } catch (RuntimeException | Error e) { // no memory
      oneDnn.close();
      throw e;
    }
  }

  /** Bytes outside the Java heap that a replica takes besides its windows. */
  static long bytes(LstmShape shape) {
    long embedding = (long) shape.vocabularySize() * shape.embeddingSize();
    long withoutGradient = shape.tiedEmbeddings() ? 0 : embedding;
    return Float.BYTES * (2L * shape.parameterCount() - withoutGradient);
  }

  @Override
  public void useThreads(int threads) {
    Nd4j.getEnvironment(); // loads ND4J, whose OpenMP is oneDNN's too
    NativeOpsHolder.getInstance().getDeviceNativeOps().setOmpNumThreads(threads);
    openblas_nolapack.blas_set_num_threads(1);
  }

  @Override
  public void setParameters(float[] values) {
    requireLength("parameters", values.length, shape.parameterCount());
    parameters.set(values);
  }

  @Override
  public float[] parameters() {
    return parameters.get();
  }

  @Override
  public int lanes() {
    return state.lanes();
  }

  @Override
  public void setLaneState(float[] values) {
    requireLength("floats of lane state", values.length, state.lanes() * shape.laneStateSize());
    state.set(values);
  }

  @Override
  public float[] laneState() {
    return state.get();
  }

  @Override
  public void clearLane(int lane) {
    state.clear(lane);
  }

  @Override
  public void setOptimiserState(float[] values) {
    optimiserState = values.clone();
  }

  @Override
  public float[] optimiserState() {
    return optimiserState.clone();
  }

  @Override
  public LossSum backpropagate(Window next, Regularisation regularisation, long noiseSeed) {
    requireLanes(next);
    if (windows.values().stream().anyMatch(other -> !other.trains(regularisation))
        || (windows.size() >= LENGTHS && !windows.containsKey(next.length()))) {
      closeWindows();
    }
    use(next.length(), Optional.of(regularisation));
    double nats = window.train(next, regularisation, noiseSeed);
    return new LossSum(nats, next.targets().length);
  }

  /** What goes to native memory is not checked there. */
  private static void requireLength(String what, int given, int length) {
    if (given != length) {
      throw new IllegalArgumentException("Needs %s %s, got %s".formatted(length, what, given));
    }
  }

  private void requireLanes(Window next) {
    if (next.lanes() != state.lanes()) {
      throw new IllegalArgumentException(
          "Needs windows of %s lanes, got %s".formatted(state.lanes(), next.lanes()));
    }
  }

  /** The buffers for inference on windows of {@code length} time steps. */
  private OneDnnWindow inferring(int length) {
    OneDnnWindow here = windows.get(length);
    if (here == null || !here.infers()) {
      closeWindows();
    }
    use(length, Optional.empty());
    return window;
  }

  private void use(int length, Optional<Regularisation> training) {
    window =
        windows.computeIfAbsent(
            length, t -> new OneDnnWindow(shape, t, training, precision, parameters, state));
  }

  private void closeWindows() {
    windows.values().forEach(OneDnnWindow::close);
    windows.clear();
    window = null;
  }

  @Override
  public float[] gradient() {
    float[] gradient = new float[shape.parameterCount()];
    if (window != null) {
      window.getGradient(gradient);
    }
    return gradient;
  }

  @Override
  public double step(Optimiser optimiser, double rate) {
    if (!(optimiser instanceof Sgd sgd)) {
      return Replica.super.step(optimiser, rate);
    }
    if (window == null) {
      return 0; // there is no gradient yet
    }
    double norm = Math.sqrt(window.squares());
    if (Double.isFinite(norm)) {
      if (sgd.weightDecay() > 0) {
        parameters.decay(sgd.decay(rate));
      }
      window.step(sgd.scale(rate, norm));
    }
    return norm;
  }

  @Override
  public LossSum evaluate(Window next) {
    requireLanes(next);
    return new LossSum(inferring(next.length()).infer(next), next.targets().length);
  }

  @Override
  public double[] score(Window next) {
    requireLanes(next);
    OneDnnWindow buffers = inferring(next.length());
    buffers.infer(next);
    return buffers.nats();
  }

  @Override
  public float[] next(int[] words) {
    requireLength("words, one a lane", words.length, state.lanes());
    return inferring(1).next(words);
  }

  @Override
  public void close() {
    closeWindows();
    oneDnn.close();
  }
}
