package org.sparklstm.engine.torch;

import java.util.Arrays;
import org.bytedeco.javacpp.PointerScope;
import org.bytedeco.openblas.presets.openblas_nolapack;
import org.bytedeco.pytorch.NoGradGuard;
import org.bytedeco.pytorch.ScalarTypeOptional;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.TensorOptional;
import org.bytedeco.pytorch.TensorVector;
import org.bytedeco.pytorch.global.torch;
import org.bytedeco.pytorch.global.torch.ScalarType;
import org.sparklstm.engine.LossSum;
import org.sparklstm.engine.Optimiser;
import org.sparklstm.engine.Precision;
import org.sparklstm.engine.Regularisation;
import org.sparklstm.engine.Replica;
import org.sparklstm.engine.Sgd;
import org.sparklstm.model.LstmShape;
import org.sparklstm.text.Window;

/**
 * libtorch's LSTM and its automatic differentiation. Parameters, gradient and lane state stay on
 * the device. A window goes there in one copy, and what comes back is Σ −ln p and the norm of the
 * gradient, in one more: the only time that training waits for the device.
 */
final class TorchReplica implements Replica {
  private static final long NO_CLASS = -100; // that nll_loss would leave out

  private final LstmShape shape;
  private final int lanes;
  private final Precision precision;
  private final Tensors tensors;
  private final NativeMemory memory = new NativeMemory();
  private final TorchParameters parameters;
  private final TorchNetwork network;
  private final Tensor state; // [2·L, B, H]
  private double norm; // of the gradient
  private float[] optimiserState = {};

  /**
   * A replica, all zeros.
   *
   * @param lanes B, the lanes of every window
   * @param precision of training
   */
  TorchReplica(LstmShape shape, int lanes, TorchDevice device, Precision precision) {
    this.shape = shape;
    this.lanes = lanes;
    this.precision = precision;
    this.tensors = new Tensors(device);
    try (PointerScope scope = new PointerScope()) {
      this.parameters = new TorchParameters(memory, tensors, shape);
      this.network = new TorchNetwork(memory, tensors, shape, parameters);
      this.state =
          memory.keep(
              tensors.zeros(ScalarType.Float, 2L * shape.layers(), lanes, shape.hiddenSize()));
    } catch (RuntimeException | Error e) { // no memory
      memory.close();
      throw e;
    }
  }

  @Override
  public void useThreads(int threads) {
    torch.set_num_threads(threads);
    try (PointerScope scope = new PointerScope()) { // for OpenBLAS's function
      openblas_nolapack.blas_set_num_threads(threads);
    }
  }

  @Override
  public void setParameters(float[] values) {
    requireLength("parameters", values.length, shape.parameterCount());
    try (PointerScope scope = new PointerScope()) {
      parameters.values().copy_(tensors.of(values));
    }
  }

  @Override
  public float[] parameters() {
    try (PointerScope scope = new PointerScope()) {
      return Tensors.floats(parameters.values());
    }
  }

  @Override
  public int lanes() {
    return lanes;
  }

  @Override
  public void setLaneState(float[] values) {
    requireLength("floats of lane state", values.length, lanes * shape.laneStateSize());
    try (PointerScope scope = new PointerScope()) {
      state.copy_(
          tensors.of(values).view(lanes, 2L * shape.layers(), shape.hiddenSize()).transpose(0, 1));
    }
  }

  @Override
  public float[] laneState() {
    try (PointerScope scope = new PointerScope()) {
      return Tensors.floats(state.transpose(0, 1));
    }
  }

  @Override
  public void clearLane(int lane) {
    try (PointerScope scope = new PointerScope()) {
      state.select(1, lane).zero_();
    }
  }

  @Override
  public void setOptimiserState(float[] values) {
    optimiserState = values.clone();
  }

  @Override
  public float[] optimiserState() {
    return optimiserState.clone();
  }

  /** What goes to native memory is not checked there. */
  private static void requireLength(String what, int given, int length) {
    if (given != length) {
      throw new IllegalArgumentException("Needs %s %s, got %s".formatted(length, what, given));
    }
  }

  private void requireLanes(Window window) {
    if (window.lanes() != lanes) {
      throw new IllegalArgumentException(
          "Needs windows of %s lanes, got %s".formatted(lanes, window.lanes()));
    }
  }

  @Override
  public LossSum backpropagate(Window window, Regularisation regularisation, long noiseSeed) {
    requireLanes(window);
    try {
      return train(window, regularisation, noiseSeed);
    } catch (RuntimeException e) {
      throw Obstacles.training(String.valueOf(e.getMessage()))
          .map(why -> (RuntimeException) new IllegalStateException(why, e))
          .orElse(e);
    }
  }

  private LossSum train(Window window, Regularisation regularisation, long noiseSeed) {
    TorchLibrary.multiplyIn(precision);
    long n = window.targets().length;
    try (PointerScope scope = new PointerScope()) {
      Tensor integers = // inputs [N], targets [N], keys of the noise [L + 1, B]
          tensors.of(
              concatenate(
                  window.inputs(),
                  window.targets(),
                  TorchNoise.keys(window, noiseSeed, shape.layers())));
      Tensor keys = integers.narrow(0, 2 * n, integers.numel() - 2 * n).view(-1, lanes);
      TorchNetwork.Result result =
          network.forward(
              integers.narrow(0, 0, n).view(window.length(), lanes),
              state,
              dropout(keys, regularisation, window.length()),
              precision == Precision.BFLOAT16 ? ScalarType.BFloat16 : ScalarType.Float,
              true);
      Tensor nats = nats(result, integers.narrow(0, n, n));
      parameters.differentiate(nats, tensors.full(1f / lanes, n)); // the loss is a mean over lanes
      state.copy_(result.state());
      double[] sums =
          Tensors.doubles(torch.stack(new TensorVector(sum(nats.detach()), parameters.norm())));
      norm = sums[1];
      return new LossSum(sums[0], n);
    }
  }

  private TorchNetwork.Dropout dropout(Tensor keys, Regularisation regularisation, int length) {
    if (!regularisation.drops()) {
      return TorchNetwork.NO_DROPOUT;
    }
    Tensor factors = TorchNoise.factors(tensors, keys, regularisation, length, shape.hiddenSize());
    return (activations, layer) -> activations.mul(factors.select(0, layer));
  }

  /** −ln p of each target, [N]. */
  private static Tensor nats(TorchNetwork.Result result, Tensor targets) {
    return torch.nll_loss(
        result.logProbabilities(),
        targets,
        new TensorOptional(),
        torch.Reduction.None.value,
        NO_CLASS);
  }

  private static Tensor sum(Tensor nats) {
    return nats.sum(new ScalarTypeOptional(ScalarType.Double));
  }

  private static long[] concatenate(int[] first, int[] second, long[] third) {
    long[] all = new long[first.length + second.length + third.length];
    for (int i = 0; i < first.length; i++) {
      all[i] = first[i];
      all[first.length + i] = second[i];
    }
    System.arraycopy(third, 0, all, first.length + second.length, third.length);
    return all;
  }

  @Override
  public float[] gradient() {
    try (PointerScope scope = new PointerScope()) {
      return Tensors.floats(parameters.gradient());
    }
  }

  /** {@link #backpropagate} has brought the norm to the host, so this does not wait. */
  @Override
  public double step(Optimiser optimiser, double rate) {
    if (!(optimiser instanceof Sgd sgd)) {
      return Replica.super.step(optimiser, rate);
    }
    if (Double.isFinite(norm)) {
      try (PointerScope scope = new PointerScope()) {
        parameters.step(sgd.scale(rate, norm));
      }
    }
    return norm;
  }

  @Override
  public LossSum evaluate(Window window) {
    try (PointerScope scope = new PointerScope()) {
      double nats = Tensors.doubles(sum(infer(window)))[0];
      return new LossSum(nats, window.targets().length);
    }
  }

  @Override
  public double[] score(Window window) {
    try (PointerScope scope = new PointerScope()) {
      return Tensors.doubles(infer(window).to(ScalarType.Double));
    }
  }

  /** −ln p of each target, [N], without noise. */
  private Tensor infer(Window window) {
    requireLanes(window);
    long n = window.targets().length;
    Tensor integers = tensors.of(concatenate(window.inputs(), window.targets(), new long[0]));
    return nats(infer(integers.narrow(0, 0, n)), integers.narrow(0, n, n));
  }

  /**
   * Carries the lane state.
   *
   * @param words [N]
   */
  private TorchNetwork.Result infer(Tensor words) {
    TorchLibrary.multiplyIn(Precision.FLOAT32);
    try (NoGradGuard guard = new NoGradGuard()) {
      TorchNetwork.Result result =
          network.forward(
              words.view(-1, lanes), state, TorchNetwork.NO_DROPOUT, ScalarType.Float, false);
      state.copy_(result.state());
      return result;
    }
  }

  @Override
  public float[] next(int[] words) {
    requireLength("words, one a lane", words.length, lanes);
    try (PointerScope scope = new PointerScope()) {
      return Tensors.floats(
          infer(tensors.of(Arrays.stream(words).asLongStream().toArray())).logProbabilities());
    }
  }

  @Override
  public void close() {
    memory.close();
  }
}
