package org.sparklstm.engine.torch;

import java.util.Optional;
import java.util.stream.IntStream;
import org.bytedeco.javacpp.PointerScope;
import org.bytedeco.openblas.presets.openblas_nolapack;
import org.bytedeco.pytorch.NoGradGuard;
import org.bytedeco.pytorch.Scalar;
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
import org.sparklstm.engine.Steps;
import org.sparklstm.model.LstmShape;
import org.sparklstm.text.LaneShard;
import org.sparklstm.text.Window;

/**
 * libtorch's LSTM and its automatic differentiation. Parameters, gradient and lane state stay on
 * the device. The words of a stretch go there once, and its windows are cut from it there. What
 * comes back of a round is Σ −ln p and the largest norm of a gradient, in one copy: the only time
 * that training waits for the device.
 */
final class TorchReplica implements Replica {
  private static final long NO_CLASS = -100; // that nll_loss would leave out

  private final LstmShape shape;
  private final int lanes;
  private final Precision precision;
  private final Tensors tensors;
  private final DeviceText text;
  private final NativeMemory memory = new NativeMemory();
  private final TorchParameters parameters;
  private final TorchNetwork network;
  private final Tensor state; // [B·S], see TorchNetwork.state
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
   * @param read what the computation reads
   */
  private record RecordedStep(Kind kind, Read read, Recording recording) {
    void on(Read window) {
      read.words().copy_(window.words());
      read.keys().copy_(window.keys());
      read.rate().copy_(window.rate());
      recording.repeat();
    }
  }

  /**
   * What the step of a window reads.
   *
   * @param words the inputs of each lane and the last target, [B, T + 1] integers of 32 bits
   * @param keys of the noise, [L + 1, B + 1]
   * @param rate the learning rate, a double
   */
  private record Read(Tensor words, Tensor keys, Tensor rate) {}

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
    this.text = new DeviceText(tensors);
    try (PointerScope scope = new PointerScope()) {
      this.parameters = new TorchParameters(memory, tensors, shape);
      this.network = new TorchNetwork(memory, tensors, shape, parameters);
      this.state =
          memory.keep(tensors.zeros(ScalarType.Float, (long) lanes * shape.laneStateSize()));
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
      Tensor all = tensors.of(values).view(lanes, shape.laneStateSize());
      long from = 0;
      for (Tensor part : stateParts()) {
        part.copy_(all.narrow(1, from, part.size(1)));
        from += part.size(1);
      }
    }
  }

  @Override
  public float[] laneState() {
    try (PointerScope scope = new PointerScope()) {
      return Tensors.floats(torch.cat(new TensorVector(stateParts()), 1));
    }
  }

  @Override
  public void clearLane(int lane) {
    try (PointerScope scope = new PointerScope()) {
      for (Tensor part : stateParts()) {
        part.select(0, lane).zero_();
      }
    }
  }

  /** Views of the hidden state and the cell state of each layer in turn, [B, H]. */
  private Tensor[] stateParts() {
    return IntStream.range(0, 2 * shape.layers())
        .mapToObj(i -> network.state(state, i / 2, i % 2).select(0, 0))
        .toArray(Tensor[]::new);
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

  private void requireLanes(int given) {
    if (given != lanes) {
      throw new IllegalArgumentException(
          "Needs windows of %s lanes, got %s".formatted(lanes, given));
    }
  }

  @Override
  public LossSum backpropagate(Window window, Regularisation regularisation, long noiseSeed) {
    requireLanes(window.lanes());
    try (PointerScope scope = new PointerScope()) {
      sums.zero_();
      int index = window.index();
      backpropagate(
          words(window.inputs()).view(-1, lanes),
          words(window.targets()),
          keys(index, index + 1, window.firstLane(), noiseSeed).select(0, 0),
          regularisation);
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
    try (PointerScope scope = new PointerScope()) {
      sums.zero_();
      long tokens = 0;
      int next = steps.from();
      while (next < steps.to()) {
        LaneShard stretch = steps.text().stretch(next);
        int end = Math.min(steps.to(), stretch.endWindow());
        tokens += train(stretch, next, end, steps, sgd);
        next = end;
      }
      return result(tokens);
    } catch (RuntimeException e) {
      throw explained(e);
    }
  }

  /**
   * Does not wait for the device.
   *
   * @return targets
   */
  private long train(LaneShard stretch, int from, int to, Steps steps, Sgd sgd) {
    requireLanes(stretch.lanes());
    long length = 0;
    try (PointerScope scope = new PointerScope()) {
      Tensor words = text.of(stretch);
      Tensor keys = keys(from, to, stretch.firstLane(), steps.noiseSeed());
      Tensor rates = tensors.of(IntStream.range(from, to).mapToDouble(steps.rates()).toArray());
      for (int i = from; i < to; i++) {
        try (PointerScope views = new PointerScope()) {
          step(
              new Kind(stretch.length(i), steps.regularisation(), sgd),
              new Read(
                  words.narrow(1, stretch.start(i), stretch.length(i) + 1L),
                  keys.select(0, i - from),
                  rates.select(0, i - from)));
        }
        length += stretch.length(i);
      }
    }
    return length * lanes;
  }

  /** The second of two equal steps is recorded: the first one has loaded what the device needs. */
  private void step(Kind kind, Read read) {
    if (recorded == null && recorder.isPresent() && kind.equals(last)) {
      recorded = record(kind);
    }
    last = kind;
    if (recorded != null && recorded.kind().equals(kind)) {
      recorded.on(read);
    } else {
      compute(kind, read);
    }
  }

  private RecordedStep record(Kind kind) {
    Read read =
        new Read(
            memory.keep(tensors.zeros(ScalarType.Int, lanes, kind.length() + 1L)),
            memory.keep(tensors.zeros(ScalarType.Long, shape.layers() + 1L, lanes + 1L)),
            memory.keep(tensors.zeros(ScalarType.Double)));
    return new RecordedStep(kind, read, recorder.orElseThrow().record(() -> compute(kind, read)));
  }

  /** Does not wait for the device. */
  private void compute(Kind kind, Read read) {
    try (PointerScope scope = new PointerScope()) {
      Tensor words = read.words().t().contiguous().to(ScalarType.Long); // [T + 1, B]
      backpropagate(
          words.narrow(0, 0, kind.length()),
          words.narrow(0, 1, kind.length()).flatten(),
          read.keys(),
          kind.regularisation());
      step(kind.sgd(), read.rate());
    }
  }

  private static RuntimeException explained(RuntimeException e) {
    return Obstacles.training(String.valueOf(e.getMessage()))
        .map(why -> (RuntimeException) new IllegalStateException(why, e))
        .orElse(e);
  }

  /**
   * Does not wait for the device.
   *
   * @param inputs [T, B]
   * @param targets [N]
   * @param keys of the noise, [L + 1, B + 1]
   */
  private void backpropagate(
      Tensor inputs, Tensor targets, Tensor keys, Regularisation regularisation) {
    TorchLibrary.multiplyIn(precision);
    TorchNetwork.Result result =
        network.forward(
            inputs,
            state,
            new TorchNoise(tensors, keys, regularisation.dropout(), inputs.size(0), shape),
            precision == Precision.BFLOAT16 ? ScalarType.BFloat16 : ScalarType.Float,
            true);
    Tensor nats = nats(result, targets);
    TensorVector terms = new TensorVector(nats);
    TensorVector weights =
        new TensorVector(
            tensors.full(1f / lanes, targets.numel())); // the loss is a mean over lanes
    if (regularisation.activationPenalty() > 0) {
      penalise(terms, weights, result.softmaxInputs(), regularisation.activationPenalty());
    }
    if (regularisation.temporalActivationPenalty() > 0) {
      Tensor outputs = result.outputs().to(ScalarType.Float);
      long changes = inputs.size(0) - 1;
      penalise(
          terms,
          weights,
          outputs.narrow(0, 1, changes).sub(outputs.narrow(0, 0, changes)),
          regularisation.temporalActivationPenalty());
    }
    parameters.differentiate(terms, weights);
    state.copy_(result.state());
    gradientNorm.copy_(parameters.norm());
    sums.select(0, 0).add_(sum(nats.detach()));
    Tensor largest = sums.select(0, 1);
    largest.copy_(torch.maximum(largest, gradientNorm)); // NaN stays NaN
  }

  /**
   * Adds a penalty to the loss.
   *
   * @param squared [steps, B, H]; the penalty is the sum of its squares over steps, and their mean
   *     over lanes and units
   */
  private static void penalise(
      TensorVector terms, TensorVector weights, Tensor squared, float penalty) {
    Tensor sum = squared.to(ScalarType.Float).square().sum();
    float weight = penalty / (squared.size(1) * squared.size(2));
    terms.push_back(sum);
    weights.push_back(torch.full_like(sum, new Scalar(weight)));
  }

  /** Does not wait for the device. */
  private void step(Sgd sgd, Tensor rate) {
    if (sgd.weightDecay() > 0) {
      parameters.decay(rate.mul(new Scalar(sgd.weightDecay())));
    }
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

  /** The noise's keys of windows [from, to) on the device, [to − from, L + 1, B + 1]. */
  private Tensor keys(int from, int to, int firstLane, long noiseSeed) {
    return tensors
        .of(TorchNoise.keys(from, to, firstLane, lanes, noiseSeed, shape.layers()))
        .view(to - from, -1, lanes + 1L);
  }

  /** On the device, [N] integers of 64 bits. */
  private Tensor words(int[] words) {
    return tensors.of(words).to(ScalarType.Long);
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
    requireLanes(window.lanes());
    return nats(infer(window.inputs()), words(window.targets()));
  }

  /**
   * Carries the lane state.
   *
   * @param words [N]
   */
  private TorchNetwork.Result infer(int[] words) {
    TorchLibrary.multiplyIn(Precision.FLOAT32);
    try (NoGradGuard guard = new NoGradGuard()) {
      TorchNetwork.Result result =
          network.forward(
              words(words).view(-1, lanes), state, TorchNetwork.NO_NOISE, ScalarType.Float, false);
      state.copy_(result.state());
      return result;
    }
  }

  @Override
  public float[] next(int[] words) {
    requireLength("words, one a lane", words.length, lanes);
    try (PointerScope scope = new PointerScope()) {
      return Tensors.floats(infer(words).logProbabilities());
    }
  }

  @Override
  public void close() {
    if (recorded != null) {
      recorded.recording().close();
    }
    text.close();
    memory.close();
  }
}
