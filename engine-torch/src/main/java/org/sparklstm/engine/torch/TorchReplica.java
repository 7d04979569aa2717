package org.sparklstm.engine.torch;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.stream.IntStream;
import java.util.stream.LongStream;
import org.bytedeco.javacpp.PointerScope;
import org.bytedeco.openblas.presets.openblas_nolapack;
import org.bytedeco.pytorch.NoGradGuard;
import org.bytedeco.pytorch.Scalar;
import org.bytedeco.pytorch.ScalarTypeOptional;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.TensorOptional;
import org.bytedeco.pytorch.global.torch;
import org.bytedeco.pytorch.global.torch.ScalarType;
import org.sparklstm.engine.LossSum;
import org.sparklstm.engine.Optimiser;
import org.sparklstm.engine.Precision;
import org.sparklstm.engine.Regularisation;
import org.sparklstm.engine.Replica;
import org.sparklstm.engine.Sgd;
import org.sparklstm.engine.Steps;
import org.sparklstm.model.LstmShape;
import org.sparklstm.text.Window;

/**
 * libtorch's LSTM and its automatic differentiation. Parameters, gradient and lane state stay on
 * the device. The windows of a round go there in one copy, and what comes back is Σ −ln p and the
 * largest norm of a gradient, in one more: the only time that training waits for the device. Where
 * a round is longer than {@link #TOKENS_AT_ONCE}, there are two copies for each part of it.
 */
final class TorchReplica implements Replica {
  private static final long NO_CLASS = -100; // that nll_loss would leave out

  /** Targets of the windows that are on the device at once; they take 16 bytes each. */
  static final int TOKENS_AT_ONCE = 1 << 19;

  private final LstmShape shape;
  private final int lanes;
  private final Precision precision;
  private final Tensors tensors;
  private final NativeMemory memory = new NativeMemory();
  private final TorchParameters parameters;
  private final TorchNetwork network;
  private final Tensor state; // [2·L, B, H]
  private final Tensor gradientNorm; // ‖g‖, a double
  private final Tensor sums; // [2] doubles: Σ −ln p of the windows since they were 0, largest ‖g‖
  private double norm; // of the gradient
  private float[] optimiserState = {};

  private final Optional<Recording.Recorder> recorder;
  private RecordedStep recorded; // the step of most windows, or null
  private Kind last; // of a step; null before the first one

  /** What is the same in the steps of most windows. */
  private record Kind(int length, Regularisation regularisation, Sgd sgd) {}

  /**
   * The step of a window that is repeated.
   *
   * @param integers that it reads
   * @param rate that it reads
   */
  private record RecordedStep(Kind kind, Tensor integers, Tensor rate, Recording recording) {
    void on(Tensor windowsIntegers, Tensor windowsRate) {
      integers.copy_(windowsIntegers);
      rate.copy_(windowsRate);
      recording.repeat();
    }
  }

  /**
   * A replica, all zeros.
   *
   * @param lanes B, the lanes of every window
   * @param precision of training
   * @param recorder records the step of a window; empty if none is to be
   */
  TorchReplica(
      LstmShape shape,
      int lanes,
      TorchDevice device,
      Precision precision,
      Optional<Recording.Recorder> recorder) {
    this.recorder = recorder;
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
      this.gradientNorm = memory.keep(tensors.zeros(ScalarType.Double));
      this.sums = memory.keep(tensors.zeros(ScalarType.Double, 2));
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
    try (PointerScope scope = new PointerScope()) {
      sums.zero_();
      Tensor integers = tensors.of(integers(window, noiseSeed));
      backpropagate(integers, window.length(), regularisation);
      Steps.Result result = result(window.targets().length);
      norm = result.gradientNorm();
      return result.loss();
    } catch (RuntimeException e) {
      throw explained(e);
    }
  }

  @Override
  public Steps.Result train(Steps steps) {
    if (!(steps.optimiser() instanceof Sgd sgd)) {
      return Replica.super.train(steps);
    }
    Steps.Result all = new Steps.Result(LossSum.ZERO, 0);
    int next = steps.from();
    while (next < steps.to() && Double.isFinite(all.gradientNorm())) {
      List<Window> windows = new ArrayList<>();
      long tokens = 0;
      while (next < steps.to() && tokens < TOKENS_AT_ONCE) {
        Window window = steps.text().window(next++);
        requireLanes(window);
        windows.add(window);
        tokens += window.targets().length;
      }
      Steps.Result part = train(windows, tokens, steps, sgd);
      all =
          new Steps.Result(
              all.loss().plus(part.loss()), Math.max(all.gradientNorm(), part.gradientNorm()));
    }
    return all;
  }

  private Steps.Result train(List<Window> windows, long tokens, Steps steps, Sgd sgd) {
    try (PointerScope scope = new PointerScope()) {
      sums.zero_();
      long[][] integers =
          windows.stream()
              .map(window -> integers(window, steps.noiseSeed()))
              .toArray(long[][]::new);
      Tensor text = tensors.of(Arrays.stream(integers).flatMapToLong(Arrays::stream).toArray());
      Tensor rates =
          tensors.of(
              windows.stream()
                  .mapToDouble(window -> steps.rates().applyAsDouble(window.index()))
                  .toArray());
      long offset = 0;
      for (int i = 0; i < integers.length; i++) {
        try (PointerScope views = new PointerScope()) {
          step(
              new Kind(windows.get(i).length(), steps.regularisation(), sgd),
              text.narrow(0, offset, integers[i].length),
              rates.select(0, i));
        }
        offset += integers[i].length;
      }
      return result(tokens);
    } catch (RuntimeException e) {
      throw explained(e);
    }
  }

  /** The second of two equal steps is recorded: the first one has loaded what the device needs. */
  private void step(Kind kind, Tensor integers, Tensor rate) {
    if (recorded == null && recorder.isPresent() && kind.equals(last)) {
      recorded = record(kind, integers.numel());
    }
    last = kind;
    if (recorded != null && recorded.kind().equals(kind)) {
      recorded.on(integers, rate);
    } else {
      compute(kind, integers, rate);
    }
  }

  private RecordedStep record(Kind kind, long size) {
    Tensor integers = memory.keep(tensors.zeros(ScalarType.Long, size));
    Tensor rate = memory.keep(tensors.zeros(ScalarType.Double));
    return new RecordedStep(
        kind, integers, rate, recorder.orElseThrow().record(() -> compute(kind, integers, rate)));
  }

  /** Does not wait for the device. */
  private void compute(Kind kind, Tensor integers, Tensor rate) {
    try (PointerScope scope = new PointerScope()) {
      backpropagate(integers, kind.length(), kind.regularisation());
      step(kind.sgd(), rate);
    }
  }

  private static RuntimeException explained(RuntimeException e) {
    return Obstacles.training(String.valueOf(e.getMessage()))
        .map(why -> (RuntimeException) new IllegalStateException(why, e))
        .orElse(e);
  }

  /**
   * What {@link #backpropagate(Tensor, int, Regularisation)} reads: inputs, targets, noise keys.
   */
  private long[] integers(Window window, long noiseSeed) {
    return concatenate(
        window.inputs(), window.targets(), TorchNoise.keys(window, noiseSeed, shape.layers()));
  }

  /**
   * Does not wait for the device.
   *
   * @param integers inputs [N], targets [N], keys of the noise [(L + 1) · B]
   * @param length T
   */
  private void backpropagate(Tensor integers, int length, Regularisation regularisation) {
    TorchLibrary.multiplyIn(precision);
    long n = (long) length * lanes;
    Tensor keys = integers.narrow(0, 2 * n, integers.numel() - 2 * n).view(-1, lanes);
    TorchNetwork.Result result =
        network.forward(
            integers.narrow(0, 0, n).view(length, lanes),
            state,
            dropout(keys, regularisation, length),
            precision == Precision.BFLOAT16 ? ScalarType.BFloat16 : ScalarType.Float,
            true);
    Tensor nats = nats(result, integers.narrow(0, n, n));
    parameters.differentiate(nats, tensors.full(1f / lanes, n)); // the loss is a mean over lanes
    state.copy_(result.state());
    gradientNorm.copy_(parameters.norm());
    sums.select(0, 0).add_(sum(nats.detach()));
    Tensor largest = sums.select(0, 1);
    largest.copy_(torch.maximum(largest, gradientNorm)); // NaN stays NaN
  }

  /** Does not wait for the device. */
  private void step(Sgd sgd, Tensor rate) {
    Tensor clipping =
        gradientNorm
            .reciprocal()
            .mul_(new Scalar(sgd.maxGradNorm()))
            .clamp_max_(new Scalar(1.0)); // as Optimiser.clipping
    parameters.step(clipping.mul_(rate));
  }

  /** Waits for the device. */
  private Steps.Result result(long tokens) {
    double[] values = Tensors.doubles(sums);
    return new Steps.Result(new LossSum(values[0], tokens), values[1]);
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
    return LongStream.concat(
            IntStream.concat(Arrays.stream(first), Arrays.stream(second)).asLongStream(),
            Arrays.stream(third))
        .toArray();
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
        step(sgd, tensors.of(new double[] {rate}).select(0, 0));
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
    if (recorded != null) {
      recorded.recording().close();
    }
    memory.close();
  }
}
