package org.sparklstm.engine;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import java.util.Arrays;
import java.util.List;
import java.util.Random;
import org.bytedeco.javacpp.Pointer;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.aggregator.ArgumentsAccessor;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;
import org.nd4j.linalg.api.buffer.DataType;
import org.sparklstm.engine.Regularisation.DropoutMode;
import org.sparklstm.engine.dl4j.Dl4jEngine;
import org.sparklstm.model.LstmShape;
import org.sparklstm.model.ParameterLayout;
import org.sparklstm.text.Window;

/**
 * The engines against the equations in double precision and against each other, on fresh random
 * inputs.
 */
class ReplicaTest {
  private static final long NOISE = 99;
  private static final Regularisation DROPOUT = new Regularisation(0.5f, DropoutMode.PER_STEP);

  /** A model, what it is trained on, and where it starts; drawn afresh. */
  private static final class Case {
    private final Random random = fresh();
    private final LstmShape shape;
    private final int lanes;
    private final float[] parameters;
    private final float[] state;

    Case(LstmShape shape, int lanes) {
      this.shape = shape;
      this.lanes = lanes;
      this.parameters = ParameterLayout.initialise(shape, 0.5f, random.nextLong());
      this.state = randomFloats(random, lanes * shape.laneStateSize());
    }

    Window window(int length) {
      return randomWindow(random, shape, lanes, length);
    }

    /** A replica that is where the case starts. */
    Replica replica(Engine engine) {
      Replica replica = Replicas.of(engine, shape, lanes);
      replica.setParameters(parameters);
      replica.setLaneState(state);
      return replica;
    }
  }

  /** The shape in a row of engine, V, H, L, B, T, tied. */
  private static LstmShape shape(ArgumentsAccessor row) {
    return new LstmShape(
        row.getInteger(1), row.getInteger(2), row.getInteger(3), row.getBoolean(6));
  }

  /** An engine as precise as it gets: DL4J computes in double, the fast one has floats only. */
  private enum Precise {
    DL4J(1e-8, 2e-6f, 1e-6),
    ONEDNN(1e-6, 5e-6f, 1e-6);

    private final double nats; // tolerance of −ln p
    private final float gradient; // tolerance of a gradient, for each time step
    private final double state; // tolerance of a state: a few roundings of a float

    Precise(double nats, float gradient, double state) {
      this.nats = nats;
      this.gradient = gradient;
      this.state = state;
    }

    Engine engine() {
      return this == DL4J ? new Dl4jEngine(DataType.DOUBLE) : Engines.find("onednn");
    }
  }

  @ParameterizedTest(name = "{0} V={1} H={2} L={3} B={4} T={5} tied={6} keep={7} {8}")
  @CsvSource({
    "DL4J, 13, 7, 2, 3, 5, false, 1, PER_STEP",
    "DL4J, 11, 5, 1, 1, 1, false, 1, PER_STEP",
    "DL4J, 17, 4, 3, 2, 7, false, 0.5, PER_STEP",
    "DL4J, 12, 5, 2, 1, 4, false, 0.5, PER_STEP",
    "DL4J, 9, 13, 2, 4, 3, false, 0.35, LOCKED",
    "ONEDNN, 13, 7, 2, 3, 5, false, 1, PER_STEP",
    "ONEDNN, 11, 5, 1, 1, 1, true, 1, PER_STEP",
    "ONEDNN, 17, 4, 3, 2, 7, false, 0.5, PER_STEP",
    "ONEDNN, 12, 5, 2, 1, 4, false, 0.5, LOCKED",
    "ONEDNN, 9, 13, 2, 4, 3, true, 0.35, LOCKED"
  })
  void everyGradientEqualsCentralDifferencesInDouble(ArgumentsAccessor arguments) {
    Precise precise = arguments.get(0, Precise.class);
    LstmShape shape = shape(arguments);
    int lanes = arguments.getInteger(4);
    int length = arguments.getInteger(5);
    Regularisation regularisation =
        new Regularisation(arguments.getFloat(7), arguments.get(8, DropoutMode.class));
    Case model = new Case(shape, lanes);
    float[] parameters = model.parameters;
    Window window = model.window(length);
    NaiveLstm naive = new NaiveLstm(shape, regularisation);
    try (Replica replica = model.replica(precise.engine())) {
      LossSum loss = replica.backpropagate(window, regularisation, NOISE);

      double[] end = doubles(model.state);
      assertThat(loss.nats())
          .isCloseTo(
              naive.loss(parameters, end, window, NOISE), within(precise.nats * loss.tokens()));
      assertThat(loss.tokens()).isEqualTo((long) lanes * length);
      assertClose(replica.laneState(), end, precise.state);
      float[] gradient = replica.gradient();
      for (int i = 0; i < parameters.length; i++) {
        // Steps that floats hold exactly; the difference's own error is O(step²).
        float value = parameters[i];
        parameters[i] = value + 0x1p-10f;
        double above = naive.loss(parameters, doubles(model.state), window, NOISE);
        double width = parameters[i];
        parameters[i] = value - 0x1p-10f;
        double below = naive.loss(parameters, doubles(model.state), window, NOISE);
        width -= parameters[i];
        parameters[i] = value;
        assertThat(gradient[i])
            .describedAs("parameter %s", i)
            .isCloseTo(
                (float) ((above - below) / width / lanes), within(precise.gradient * length));
      }
    }
  }

  @ParameterizedTest(name = "{0} V={1} H={2} L={3} B={4} T={5} tied={6}")
  @CsvSource({
    "DL4J, 13, 7, 2, 3, 5, false",
    "DL4J, 11, 5, 1, 1, 1, false",
    "ONEDNN, 13, 7, 2, 3, 5, false",
    "ONEDNN, 11, 5, 1, 1, 1, true",
    "ONEDNN, 9, 13, 3, 4, 3, true",
    "ONEDNN, 33000, 5, 1, 70, 3, false" // three blocks of logits when scoring, one when predicting
  })
  void everyTargetAndEveryNextWordHasTheProbabilityOfTheEquations(ArgumentsAccessor arguments) {
    Precise precise = arguments.get(0, Precise.class);
    LstmShape shape = shape(arguments);
    int lanes = arguments.getInteger(4);
    Case model = new Case(shape, lanes);
    Window window = model.window(arguments.getInteger(5));
    double[] end = doubles(model.state);
    double[][] exact = new NaiveLstm(shape).logProbabilities(model.parameters, end, window, NOISE);
    double tolerance = 10 * precise.nats + Math.ulp((float) Math.log(shape.vocabularySize()));
    try (Replica replica = model.replica(precise.engine())) {
      double[] nats = replica.score(window);

      assertThat(nats).hasSize(exact.length);
      double sum = 0;
      for (int i = 0; i < nats.length; i++) {
        assertThat(nats[i]).isCloseTo(-exact[i][window.targets()[i]], within(tolerance));
        sum += nats[i];
      }
      assertClose(replica.laneState(), end, precise.state);
      replica.setLaneState(model.state);
      assertThat(replica.evaluate(window).nats()).isCloseTo(sum, within(1e-9 * sum));

      replica.setLaneState(model.state);
      for (int t = 0; t < window.length(); t++) {
        float[] next =
            replica.next(Arrays.copyOfRange(window.inputs(), t * lanes, (t + 1) * lanes));
        assertThat(next).hasSize(lanes * shape.vocabularySize());
        for (int b = 0; b < lanes; b++) {
          assertClose(
              Arrays.copyOfRange(
                  next, b * shape.vocabularySize(), (b + 1) * shape.vocabularySize()),
              exact[t * lanes + b],
              tolerance);
        }
      }
      assertClose(replica.laneState(), end, precise.state);
    }
  }

  /** The arithmetic on arrays, which an engine falls back to, against the engine's own. */
  @ParameterizedTest
  @ValueSource(strings = {"onednn", "dl4j"})
  void anOptimiserThatAnEngineDoesNotKnowStepsOnArrays(String engine) {
    Case model = new Case(new LstmShape(13, 6, 2), 3);
    Window window = model.window(4);
    try (Replica own = model.replica(Engines.find(engine));
        Replica arrays = model.replica(Engines.find(engine))) {
      arrays.setOptimiserState(new float[model.parameters.length]);
      for (int step = 0; step < 3; step++) {
        own.backpropagate(window, Regularisation.NONE, NOISE);
        arrays.backpropagate(window, Regularisation.NONE, NOISE);
        double norm = own.step(new Sgd(0.5), 1);
        assertThat(arrays.step(new Summing(new Sgd(0.5)), 1)).isCloseTo(norm, within(1e-6));
      }

      assertThat(difference(own.parameters(), arrays.parameters())).isLessThan(1e-6);
      float[] moved = new float[model.parameters.length];
      for (int i = 0; i < moved.length; i++) {
        moved[i] = arrays.parameters()[i] - model.parameters[i];
      }
      assertThat(difference(arrays.optimiserState(), moved)).isPositive().isLessThan(1e-6);
    }
  }

  @Test
  void anOptimiserWithoutItsStateIsRefused() {
    Case model = new Case(new LstmShape(13, 6, 2), 3);
    try (Replica replica = model.replica(Engines.find("onednn"))) {
      replica.backpropagate(model.window(4), Regularisation.NONE, NOISE);

      assertThatThrownBy(() -> replica.step(new Summing(new Sgd(1)), 1))
          .isInstanceOf(IllegalStateException.class)
          .hasMessage("Needs %s floats of optimiser state, has 0", model.shape.parameterCount());
    }
  }

  /** SGD that keeps the sum of its steps. */
  private record Summing(Sgd sgd) implements Optimiser {
    @Override
    public int stateSize(int parameterCount) {
      return parameterCount;
    }

    @Override
    public double step(float[] parameters, float[] gradient, float[] state, double rate) {
      float[] before = parameters.clone();
      double norm = sgd.step(parameters, gradient, new float[0], rate);
      for (int i = 0; i < state.length; i++) {
        state[i] += parameters[i] - before[i];
      }
      return norm;
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {"onednn", "dl4j"})
  void evaluationUsesNoDropoutAndCarriesState(String engine) {
    LstmShape shape = new LstmShape(13, 6, 2);
    Random random = fresh();
    float[] parameters = ParameterLayout.initialise(shape, 0.5f, random.nextLong());
    NaiveLstm naive = new NaiveLstm(shape);
    double[] state = new double[3 * shape.laneStateSize()];
    try (Replica replica = Replicas.of(engine, shape, 3)) {
      replica.setParameters(parameters);
      for (int length : new int[] {4, 4, 1}) {
        Window window = randomWindow(random, shape, 3, length);
        assertThat(replica.evaluate(window).nats())
            .isCloseTo(naive.loss(parameters, state, window, NOISE), within(1e-4));
      }
      assertClose(replica.laneState(), state, 1e-5);
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {"onednn", "dl4j"})
  void aClearedLaneBeginsAnewAndTheOthersGoOn(String engine) {
    LstmShape shape = new LstmShape(13, 6, 2);
    float[] state = randomFloats(fresh(), 3 * shape.laneStateSize());
    try (Replica replica = Replicas.of(engine, shape, 3)) {
      replica.setLaneState(state);
      replica.clearLane(1);
      Arrays.fill(state, shape.laneStateSize(), 2 * shape.laneStateSize(), 0);
      assertThat(replica.laneState()).isEqualTo(state);
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {"onednn", "dl4j"})
  void aReplicaForgetsWhatItComputedBefore(String engine) {
    LstmShape shape = new LstmShape(13, 6, 2);
    Random random = fresh();
    float[] parameters = ParameterLayout.initialise(shape, 0.5f, random.nextLong());
    float[] state = randomFloats(random, 3 * shape.laneStateSize());
    Window window = randomWindow(random, shape, 3, 4);
    try (Replica replica = Replicas.of(engine, shape, 3)) {
      float[][] results = new float[2][];
      for (int run = 0; run < 2; run++) {
        replica.setParameters(parameters);
        replica.setLaneState(state);
        replica.backpropagate(window, DROPOUT, NOISE);
        replica.step(new Sgd(0.1), 1.0);
        results[run] = replica.parameters();
        replica.evaluate(randomWindow(random, shape, 3, 2));
      }
      assertThat(results[1]).isEqualTo(results[0]).isNotEqualTo(parameters);
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {"onednn", "dl4j"})
  void theStepClipsByTheGlobalNorm(String engine) {
    LstmShape shape = new LstmShape(13, 6, 1);
    Random random = fresh();
    float[] parameters = ParameterLayout.initialise(shape, 0.5f, random.nextLong());
    try (Replica replica = Replicas.of(engine, shape, 2)) {
      replica.setParameters(parameters);
      replica.backpropagate(randomWindow(random, shape, 2, 5), Regularisation.NONE, NOISE);
      replica.step(new Sgd(0.001), 2.0);
      double moved = 0;
      float[] updated = replica.parameters();
      for (int i = 0; i < parameters.length; i++) {
        moved += Math.pow(updated[i] - parameters[i], 2);
      }
      assertThat(Math.sqrt(moved)).isCloseTo(2.0 * 0.001, within(1e-6));
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {"onednn", "dl4j"})
  void aUniformModelHasThePerplexityOfItsVocabularySize(String engine) {
    LstmShape shape = new LstmShape(37, 5, 2);
    try (Replica replica = Replicas.of(engine, shape, 2)) {
      replica.setParameters(new float[shape.parameterCount()]);
      Window window = randomWindow(fresh(), shape, 2, 9);
      assertThat(replica.evaluate(window).perplexity()).isCloseTo(37, within(1e-4));
      assertThat(replica.backpropagate(window, Regularisation.NONE, NOISE).perplexity())
          .isCloseTo(37, within(1e-4));
    }
  }

  @ParameterizedTest(name = "H={0} L={1} B={2} T={3} keep={4} {5}")
  @CsvSource({
    "7, 2, 3, 20, 0.5, PER_STEP",
    "13, 3, 1, 35, 1, PER_STEP",
    "65, 1, 20, 1, 0.5, LOCKED",
    "200, 2, 20, 20, 1, PER_STEP",
    "200, 2, 1, 35, 0.5, LOCKED",
    "650, 2, 3, 20, 0.5, PER_STEP"
  })
  void tenStepsOfBothEnginesAreTheSame(int h, int l, int b, int t, float keep, DropoutMode mode) {
    LstmShape shape = new LstmShape(211, h, l);
    Regularisation regularisation = new Regularisation(keep, mode);
    Random random = fresh();
    float[] parameters = ParameterLayout.initialise(shape, 0.1f, random.nextLong());
    float[] state = randomFloats(random, b * shape.laneStateSize());
    try (Replica fast = Replicas.of("onednn", shape, b);
        Replica reference = Replicas.of("dl4j", shape, b)) {
      for (Replica replica : List.of(fast, reference)) {
        replica.setParameters(parameters);
        replica.setLaneState(state);
      }
      assertThat(Arrays.equals(fast.parameters(), parameters)).isTrue();
      assertThat(fast.laneState()).isEqualTo(state);
      for (int step = 0; step < 10; step++) {
        Window window = randomWindow(random, shape, b, t);
        LossSum expected = reference.backpropagate(window, regularisation, NOISE);
        LossSum loss = fast.backpropagate(window, regularisation, NOISE);
        assertThat(loss.tokens()).isEqualTo(expected.tokens());
        assertThat(loss.nats()).isCloseTo(expected.nats(), within(1e-5 * expected.nats()));
        double norm = Replica.norm(reference.gradient());
        assertThat(difference(fast.gradient(), reference.gradient())).isLessThan(1e-4 * norm);
        assertThat(fast.step(new Sgd(0.5), 1)).isCloseTo(norm, within(1e-4 * norm));
        reference.step(new Sgd(0.5), 1);
      }
      assertThat(difference(fast.parameters(), reference.parameters())).isLessThan(1e-4);
      assertThat(difference(fast.laneState(), reference.laneState())).isLessThan(1e-4);
    }
  }

  /** Logits come in blocks of rows, here three: 420 rows of 33,000 words. */
  @Test
  void aVocabularyOfSeveralBlocksOfLogitsEqualsTheReference() {
    LstmShape shape = new LstmShape(33_000, 5, 1);
    Random random = fresh();
    float[] parameters = ParameterLayout.initialise(shape, 0.5f, random.nextLong());
    try (Replica fast = Replicas.of("onednn", shape, 20);
        Replica reference = Replicas.of("dl4j", shape, 20)) {
      Window window = randomWindow(random, shape, 20, 21);
      fast.setParameters(parameters);
      reference.setParameters(parameters);
      double expected = reference.backpropagate(window, Regularisation.NONE, NOISE).nats();
      assertThat(fast.backpropagate(window, Regularisation.NONE, NOISE).nats())
          .isCloseTo(expected, within(1e-5 * expected));
      assertThat(difference(fast.gradient(), reference.gradient())).isLessThan(1e-6);

      Window other = randomWindow(random, shape, 20, 13); // blocks of 87, 87 and 86 rows
      double[] nats = reference.score(other);
      double[] scored = fast.score(other);
      for (int i = 0; i < nats.length; i++) {
        assertThat(scored[i]).isCloseTo(nats[i], within(1e-5 * nats[i]));
      }
    }
  }

  /** The softmax layer's matrix is packed for inference. */
  @Test
  void inferenceUsesTheParametersThatCameLast() {
    LstmShape shape = new LstmShape(61, 9, 2);
    Random random = fresh();
    Window window = randomWindow(random, shape, 3, 5);
    try (Replica replica = Replicas.of("onednn", shape, 3)) {
      for (int i = 0; i < 3; i++) {
        float[] parameters = ParameterLayout.initialise(shape, 0.5f, random.nextLong());
        replica.setParameters(parameters);
        replica.setLaneState(new float[3 * shape.laneStateSize()]);
        replica.backpropagate(window, Regularisation.NONE, NOISE); // infers in the same buffers
        assertScoresAsAFreshOne(replica, parameters, window);
        replica.step(new Sgd(5), 1);
        assertScoresAsAFreshOne(replica, replica.parameters(), window);
      }
    }
  }

  private static void assertScoresAsAFreshOne(Replica replica, float[] parameters, Window window) {
    replica.setLaneState(new float[3 * new LstmShape(61, 9, 2).laneStateSize()]);
    try (Replica fresh = Replicas.of("onednn", new LstmShape(61, 9, 2), 3)) {
      fresh.setParameters(parameters);
      assertThat(replica.score(window)).isEqualTo(fresh.score(window));
    }
  }

  /** Softmax in floats would round such a probability to 0. */
  @ParameterizedTest
  @ValueSource(strings = {"onednn", "dl4j"})
  void aHopelessTargetHasAFiniteLoss(String engine) {
    LstmShape shape = new LstmShape(5, 3, 1);
    float[] parameters = new float[shape.parameterCount()];
    int bias = parameters.length - 5;
    parameters[bias + 2] = 200;
    int[] inputs = {0, 1};
    int[] targets = {2, 3};
    try (Replica replica = Replicas.of(engine, shape, 1)) {
      replica.setParameters(parameters);
      LossSum loss = replica.evaluate(new Window(0, 0, 1, 2, inputs, targets));
      assertThat(loss.nats()).isCloseTo(200, within(1e-3));
      assertThat(replica.next(new int[] {0})).containsExactly(-200, -200, 0, -200, -200);
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {"onednn", "dl4j"})
  void aParameterThatIsNotANumberShowsInTheLossOrInTheNorm(String engine) {
    LstmShape shape = new LstmShape(23, 7, 2);
    Window window = randomWindow(fresh(), shape, 2, 5);
    try (Replica replica = Replicas.of(engine, shape, 2)) {
      for (ParameterLayout.Tensor tensor : ParameterLayout.of(shape)) {
        float[] parameters = ParameterLayout.initialise(shape, 0.1f, 1);
        int row = tensor.name().startsWith("embedding") ? window.inputs()[0] : 0;
        parameters[tensor.offset() + row * 7] = Float.NaN;
        replica.setParameters(parameters);
        replica.setLaneState(new float[2 * shape.laneStateSize()]);
        double nats = replica.backpropagate(window, Regularisation.NONE, NOISE).nats();
        assertThat(Double.isFinite(nats) && Double.isFinite(replica.step(new Sgd(5), 1)))
            .describedAs(tensor.name())
            .isFalse();
      }
    }
  }

  @Test
  void arraysAndWindowsOfAnotherShapeAreRefused() {
    LstmShape shape = new LstmShape(23, 7, 2);
    try (Replica fast = Replicas.of("onednn", shape, 2)) {
      assertThatThrownBy(() -> fast.setParameters(new float[3]))
          .hasMessage("Needs 1185 parameters, got 3");
      assertThatThrownBy(() -> fast.setLaneState(new float[3]))
          .hasMessage("Needs 56 floats of lane state, got 3");
      assertThatThrownBy(() -> fast.evaluate(randomWindow(fresh(), shape, 3, 5)))
          .hasMessage("Needs windows of 2 lanes, got 3");
      assertThatThrownBy(() -> fast.next(new int[3]))
          .hasMessage("Needs 2 words, one a lane, got 3");
    }
  }

  @Test
  void aStepWithoutAGradientChangesNothing() {
    LstmShape shape = new LstmShape(23, 7, 2);
    float[] parameters = ParameterLayout.initialise(shape, 0.1f, 1);
    try (Replica fast = Replicas.of("onednn", shape, 2)) {
      fast.setParameters(parameters);
      assertThat(fast.step(new Sgd(5), 1)).isZero();
      assertThat(fast.parameters()).isEqualTo(parameters);
    }
  }

  @ParameterizedTest
  @CsvSource({
    "10000, 1500, 2, 20, 35, PER_STEP, false, FLOAT32",
    "10000, 1500, 2, 20, 35, PER_STEP, false, BFLOAT16",
    "10000, 650, 3, 20, 35, LOCKED, true, FLOAT32",
    "50000, 200, 2, 10, 20, PER_STEP, false, FLOAT32",
    "50000, 200, 2, 10, 20, PER_STEP, false, BFLOAT16",
    "30000, 100, 1, 64, 35, PER_STEP, true, FLOAT32",
    "3000, 512, 4, 128, 35, PER_STEP, false, FLOAT32"
  })
  void aReplicaTakesNoMoreThanItsEngineSays(ArgumentsAccessor arguments) {
    LstmShape shape =
        new LstmShape(
            arguments.getInteger(0),
            arguments.getInteger(1),
            arguments.getInteger(2),
            arguments.getBoolean(6));
    int lanes = arguments.getInteger(3);
    int length = arguments.getInteger(4);
    Regularisation regularisation = new Regularisation(0.5f, arguments.get(5, DropoutMode.class));
    Precision precision = arguments.get(7, Precision.class);
    if (precision == Precision.BFLOAT16) {
      Replicas.assumeBfloat16();
    }
    Window window = randomWindow(fresh(), shape, lanes, length);
    Engine engine = Engines.find("onednn");
    long said = engine.memory(shape, new Sgd(5), precision, lanes, length).host();
    float[] zeros = new float[shape.parameterCount()];
    long before = Pointer.physicalBytes();
    try (Replica replica = Replicas.of(engine, shape, lanes, precision)) {
      replica.setParameters(zeros);
      replica.backpropagate(window, regularisation, NOISE);
      replica.step(new Sgd(10), 1);
      long taken = Pointer.physicalBytes() - before;
      System.out.printf("takes %s bytes, at most %s said%n", taken, said);
      assertThat(taken).isLessThan(said + (64 << 20)); // this JVM's heap may grow too
      assertThat(said).isLessThan(1 << 30);
    }
  }

  private static Random fresh() {
    long seed = new Random().nextLong();
    System.out.println("seed " + seed);
    return new Random(seed);
  }

  private static Window randomWindow(Random random, LstmShape shape, int lanes, int length) {
    int v = shape.vocabularySize();
    return new Window(
        random.nextInt(100),
        random.nextInt(10),
        lanes,
        length,
        random.ints((long) lanes * length, 0, v).toArray(),
        random.ints((long) lanes * length, 0, v).toArray());
  }

  private static float[] randomFloats(Random random, int count) {
    float[] floats = new float[count];
    for (int i = 0; i < count; i++) {
      floats[i] = random.nextFloat() - 0.5f;
    }
    return floats;
  }

  /** The largest difference of two elements; NaN if there is one. */
  private static double difference(float[] a, float[] b) {
    assertThat(a).hasSameSizeAs(b);
    double largest = 0;
    for (int i = 0; i < a.length; i++) {
      largest = Math.max(largest, Math.abs(a[i] - b[i]));
    }
    return largest;
  }

  private static double[] doubles(float[] floats) {
    double[] doubles = new double[floats.length];
    for (int i = 0; i < floats.length; i++) {
      doubles[i] = floats[i];
    }
    return doubles;
  }

  private static void assertClose(float[] actual, double[] expected, double tolerance) {
    for (int i = 0; i < expected.length; i++) {
      assertThat((double) actual[i])
          .describedAs("element %s", i)
          .isCloseTo(expected[i], within(tolerance));
    }
  }
}
