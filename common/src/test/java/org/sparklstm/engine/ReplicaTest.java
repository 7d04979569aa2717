package org.sparklstm.engine;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import java.io.IOException;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.aggregator.ArgumentsAccessor;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;
import org.sparklstm.model.LstmShape;
import org.sparklstm.model.ParameterLayout;
import org.sparklstm.text.LaneReader;
import org.sparklstm.text.LaneShard;
import org.sparklstm.text.Window;
import org.sparklstm.text.WindowShift;

/**
 * A replica against the equations in double precision and against PyTorch, on fresh random inputs.
 * The test of an engine extends this, in whichever module it is.
 */
public abstract class ReplicaTest {
  protected static final long NOISE = 99;
  private static final EngineChoice HOW = EngineChoice.of("any");

  private final Engine engine;
  private final Regularisation noise; // all kinds that the engine has
  private final Engine precise;
  private final Tolerance tolerance;

  /**
   * How far the results of an engine may be from those in double precision.
   *
   * @param nats of −ln p
   * @param gradient of an element of the gradient, for each time step
   * @param state of an element of the lane state
   */
  public record Tolerance(double nats, float gradient, double state) {
    /** Of an engine that computes in floats: a few of their roundings. */
    public static final Tolerance OF_FLOATS = new Tolerance(1e-6, 5e-6f, 1e-6);
  }

  /**
   * Tests an engine.
   *
   * @param precise the same engine, as precise as it gets
   * @param tolerance of {@code precise}
   */
  protected ReplicaTest(Engine engine, Engine precise, Tolerance tolerance) {
    this.engine = engine;
    this.noise =
        known(
            new Regularisation(
                new Dropout(0.6f, 0.5f, 0.4f, Dropout.Mode.PER_STEP, 0.5f, 0.5f), 2, 1, 5));
    this.precise = precise;
    this.tolerance = tolerance;
  }

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

  /**
   * A network.
   *
   * @param sizes of embedding and layers, with blanks between them
   */
  public static LstmShape shape(int words, String sizes, boolean tied) {
    List<Integer> all = Arrays.stream(sizes.split(" ")).map(Integer::valueOf).toList();
    return new LstmShape(words, all.get(0), all.subList(1, all.size()), tied);
  }

  /** The shape in a row of V, sizes, B, T, tied; not tied if the engine has no such models. */
  private LstmShape shape(ArgumentsAccessor row) {
    LstmShape shape = shape(row.getInteger(0), row.getString(1), row.getBoolean(4));
    return engine.refuses(shape, Regularisation.NONE, HOW).isEmpty() ? shape : shape.untied();
  }

  /** The same without what the engine does not have. */
  private Regularisation known(Regularisation all) {
    LstmShape any = new LstmShape(2, 1, 1);
    Dropout dropout = all.dropout();
    Dropout ofActivations =
        new Dropout(
            dropout.inputKeepProbability(),
            dropout.hiddenKeepProbability(),
            dropout.outputKeepProbability(),
            dropout.mode(),
            1,
            1);
    return Stream.of(
            all,
            new Regularisation(
                dropout, all.activationPenalty(), all.temporalActivationPenalty(), 0))
        .filter(regularisation -> engine.refuses(any, regularisation, HOW).isEmpty())
        .findFirst()
        .orElse(new Regularisation(ofActivations));
  }

  @ParameterizedTest(
      name =
          "V={0} E,H={1} B={2} T={3} tied={4} keep={5},{6},{7} {8} recurrent={9} embedding={10}"
              + " penalties={11},{12} samples={13}")
  @CsvSource({
    "13, 7 7 7, 3, 5, false, 1, 1, 1, PER_STEP, 1, 1, 0, 0, 0",
    "11, 5 5, 1, 1, true, 1, 1, 1, PER_STEP, 1, 1, 0, 0, 0",
    "17, 4 4 4 4, 2, 7, false, 0.5, 0.5, 0.5, PER_STEP, 1, 1, 0, 0, 0",
    "12, 5 5 5, 1, 4, false, 0.5, 0.5, 0.5, PER_STEP, 1, 1, 0, 0, 0",
    "12, 5 5 5, 1, 4, false, 0.5, 0.5, 0.5, LOCKED, 1, 1, 0, 0, 0",
    "9, 13 13 13, 4, 3, true, 0.35, 0.35, 0.35, LOCKED, 1, 1, 0, 0, 0",
    "17, 4 4 4 4, 2, 7, false, 1, 0.5, 0.7, PER_STEP, 1, 1, 0, 0, 0",
    "9, 13 13 13, 4, 3, true, 0.6, 0.75, 1, LOCKED, 1, 1, 0, 0, 0",
    "10, 6 6, 2, 4, false, 0.4, 0.1, 0.8, LOCKED, 1, 1, 0, 0, 0",
    "14, 7 7 7, 3, 5, false, 1, 1, 1, PER_STEP, 0.5, 1, 0, 0, 0",
    "9, 6 6 6, 2, 5, true, 1, 1, 1, PER_STEP, 1, 0.5, 0, 0, 0",
    "5, 9 9 9 9, 3, 4, true, 0.75, 0.75, 0.75, LOCKED, 0.6, 0.7, 0, 0, 0",
    "5, 5 5, 2, 6, false, 0.75, 0.75, 0.75, PER_STEP, 0.3, 0.8, 0, 0, 0",
    "13, 7 7 7, 3, 5, false, 1, 1, 1, PER_STEP, 1, 1, 3, 0, 0",
    "13, 7 7 7, 3, 5, true, 1, 1, 1, PER_STEP, 1, 1, 0, 3, 0",
    "11, 6 6, 2, 1, false, 0.5, 0.5, 0.5, PER_STEP, 1, 1, 2, 5, 0",
    "7, 5 5 5, 3, 6, true, 0.6, 0.7, 0.8, LOCKED, 0.6, 0.7, 2, 1, 0",
    "90, 5 5, 2, 3, false, 1, 1, 1, PER_STEP, 1, 1, 0, 0, 10",
    "97, 4 4 4, 2, 4, true, 0.75, 0.75, 0.75, LOCKED, 0.6, 0.7, 2, 1, 12",
    "13, 4 4, 3, 5, true, 1, 1, 1, PER_STEP, 1, 1, 0, 0, 1",
    "13, 5 7, 3, 4, false, 1, 1, 1, PER_STEP, 1, 1, 0, 0, 0",
    "11, 7 3 9, 2, 5, false, 0.5, 0.6, 0.7, PER_STEP, 0.6, 0.7, 2, 1, 0",
    "12, 3 8 8 3, 2, 4, true, 0.5, 0.6, 0.7, LOCKED, 0.6, 0.7, 2, 1, 0",
    "97, 4 9 6 4, 3, 3, true, 0.75, 0.75, 0.75, LOCKED, 1, 0.7, 0, 0, 12",
    "95, 6 2 5, 2, 3, false, 1, 1, 1, PER_STEP, 0.7, 1, 0, 0, 9"
  })
  void everyGradientEqualsCentralDifferencesInDouble(ArgumentsAccessor arguments) {
    LstmShape shape = shape(arguments);
    int lanes = arguments.getInteger(2);
    int length = arguments.getInteger(3);
    Regularisation regularisation =
        known(
            new Regularisation(
                new Dropout(
                    arguments.getFloat(5),
                    arguments.getFloat(6),
                    arguments.getFloat(7),
                    arguments.get(8, Dropout.Mode.class),
                    arguments.getFloat(9),
                    arguments.getFloat(10)),
                arguments.getFloat(11),
                arguments.getFloat(12),
                arguments.getInteger(13)));
    Case model = new Case(shape, lanes);
    float[] parameters = model.parameters;
    Window window = model.window(length);
    NaiveLstm naive = new NaiveLstm(shape, regularisation);
    try (Replica replica = model.replica(precise)) {
      LossSum loss = replica.backpropagate(window, regularisation, NOISE);

      double[] end = doubles(model.state);
      assertThat(loss.nats())
          .isCloseTo(
              naive.loss(parameters, end, window, NOISE), within(tolerance.nats() * loss.tokens()));
      assertThat(loss.tokens()).isEqualTo((long) lanes * length);
      assertClose(replica.laneState(), end, tolerance.state());
      float[] gradient = replica.gradient();
      for (int i = 0; i < parameters.length; i++) {
        // Steps that floats hold exactly; the difference's own error is O(step²).
        float value = parameters[i];
        parameters[i] = value + 0x1p-10f;
        double above = naive.objective(parameters, doubles(model.state), window, NOISE);
        double width = parameters[i];
        parameters[i] = value - 0x1p-10f;
        double below = naive.objective(parameters, doubles(model.state), window, NOISE);
        width -= parameters[i];
        parameters[i] = value;
        assertThat(gradient[i])
            .describedAs("parameter %s", i)
            .isCloseTo((float) ((above - below) / width), within(tolerance.gradient() * length));
      }
    }
  }

  @ParameterizedTest(name = "V={0} E,H={1} B={2} T={3} tied={4}")
  @CsvSource({
    "13, 7 7 7, 3, 5, false",
    "11, 5 5, 1, 1, true",
    "9, 13 13 13 13, 4, 3, true",
    "15, 4 9 6, 3, 5, false",
    "15, 6 3 17 6, 1, 4, true",
    // The engine onednn has three blocks of logits when scoring, one when predicting.
    "33000, 5 5, 70, 3, false"
  })
  void everyTargetAndEveryNextWordHasTheProbabilityOfTheEquations(ArgumentsAccessor arguments) {
    LstmShape shape = shape(arguments);
    int lanes = arguments.getInteger(2);
    Case model = new Case(shape, lanes);
    Window window = model.window(arguments.getInteger(3));
    double[] end = doubles(model.state);
    double[][] exact = new NaiveLstm(shape).logProbabilities(model.parameters, end, window, NOISE);
    double nearness = 10 * tolerance.nats() + Math.ulp((float) Math.log(shape.vocabularySize()));
    try (Replica replica = model.replica(precise)) {
      double[] nats = replica.score(window);

      assertThat(nats).hasSize(exact.length);
      double sum = 0;
      for (int i = 0; i < nats.length; i++) {
        assertThat(nats[i]).isCloseTo(-exact[i][window.targets()[i]], within(nearness));
        sum += nats[i];
      }
      assertClose(replica.laneState(), end, tolerance.state());
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
              nearness);
        }
      }
      assertClose(replica.laneState(), end, tolerance.state());
    }
  }

  @Test
  void lossesGradientsTenStepsAndLaneStateEqualPyTorchs() throws IOException {
    Golden.assertEqualsPyTorch(engine);
  }

  /** The arithmetic on arrays, which an engine falls back to, against the engine's own. */
  @Test
  void anOptimiserThatAnEngineDoesNotKnowStepsOnArrays() {
    Case model = new Case(new LstmShape(13, 6, 2), 3);
    Window window = model.window(4);
    try (Replica own = model.replica(engine);
        Replica arrays = model.replica(engine)) {
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

  @ParameterizedTest(name = "tied={0} samples={1}")
  @CsvSource({"false, 0", "true, 0", "false, 5", "true, 5"})
  void weightDecayIsThatOnArrays(boolean tied, int samples) {
    LstmShape shape = new LstmShape(97, 6, 2, tied);
    Case model =
        new Case(
            engine.refuses(shape, Regularisation.NONE, HOW).isEmpty() ? shape : shape.untied(), 3);
    Regularisation sampled = known(new Regularisation(Dropout.NONE, 0, 0, samples));
    Sgd sgd = new Sgd(0.5, 0.25);
    try (Replica replica = model.replica(engine)) {
      float[] expected = model.parameters.clone();
      for (int step = 0; step < 3; step++) {
        replica.backpropagate(model.window(4), sampled, NOISE);
        double norm = sgd.step(expected, replica.gradient(), new float[0], 0.5);
        assertThat(replica.step(sgd, 0.5)).isCloseTo(norm, within(1e-6 * norm));
        assertThat(difference(replica.parameters(), expected)).isLessThan(1e-6);
      }
    }
  }

  /**
   * The float nearest to 1 − 1e-7 is 19 % further from 1: parameters are not multiplied with it.
   */
  @Test
  void weightDecayMayBeSmall() {
    Case model = new Case(new LstmShape(101, 30, 2), 3);
    try (Replica replica = model.replica(engine)) {
      replica.backpropagate(model.window(4), Regularisation.NONE, NOISE);
      replica.step(new Sgd(1e-30, 1e-7), 1);

      double lost = 0;
      double all = 0;
      float[] left = replica.parameters();
      for (int i = 0; i < left.length; i++) {
        lost += Math.abs((double) model.parameters[i]) - Math.abs((double) left[i]);
        all += Math.abs((double) model.parameters[i]);
      }
      assertThat(lost / all).isCloseTo(1e-7, within(0.05e-7));
    }
  }

  @Test
  void aGradientThatIsNotFiniteChangesNothingWithWeightDecayEither() {
    Case model = new Case(new LstmShape(13, 6, 2), 3);
    float[] parameters = model.parameters.clone();
    parameters[parameters.length - 1] = Float.NaN;
    try (Replica replica = model.replica(engine)) {
      replica.setParameters(parameters);
      replica.backpropagate(model.window(4), Regularisation.NONE, NOISE);

      assertThat(replica.step(new Sgd(0.5, 0.25), 0.5)).isNaN();
      assertThat(replica.parameters()).isEqualTo(parameters);
    }
  }

  @Test
  void anOptimiserWithoutItsStateIsRefused() {
    Case model = new Case(new LstmShape(13, 6, 2), 3);
    try (Replica replica = model.replica(engine)) {
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

  @Test
  void evaluationUsesNoDropoutAndCarriesState() {
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

  @Test
  void aClearedLaneBeginsAnewAndTheOthersGoOn() {
    LstmShape shape = new LstmShape(13, 6, 2);
    float[] state = randomFloats(fresh(), 3 * shape.laneStateSize());
    try (Replica replica = Replicas.of(engine, shape, 3)) {
      replica.setLaneState(state);
      replica.clearLane(1);
      Arrays.fill(state, shape.laneStateSize(), 2 * shape.laneStateSize(), 0);
      assertThat(replica.laneState()).isEqualTo(state);
    }
  }

  @Test
  void aReplicaForgetsWhatItComputedBefore() {
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
        replica.backpropagate(window, noise, NOISE);
        replica.step(new Sgd(0.1), 1.0);
        results[run] = replica.parameters();
        replica.evaluate(randomWindow(random, shape, 3, 2));
      }
      assertThat(results[1]).isEqualTo(results[0]).isNotEqualTo(parameters);
    }
  }

  @ParameterizedTest
  @ValueSource(ints = {0, 2})
  void trainingIsStepAfterStepToTheByte(int shift) {
    Case model = new Case(new LstmShape(13, 6, 2), 3);
    LaneShard whole = randomText(model, 40); // 14 windows, the last one with one word
    LaneShard text = new LaneShard(5, 0, 3, whole.tokens(), new WindowShift(shift, 1));
    Sgd sgd = new Sgd(0.5);
    try (Replica trains = model.replica(engine);
        Replica steps = model.replica(engine)) {
      Steps.Result result = trains.train(steps(text, 2, 14, sgd));

      LossSum loss = LossSum.ZERO;
      double norm = 0;
      for (int i = 2; i < 14; i++) {
        loss = loss.plus(steps.backpropagate(text.window(i), noise, NOISE));
        norm = Math.max(norm, steps.step(sgd, rate(i)));
      }
      assertThat(result).isEqualTo(new Steps.Result(loss, norm));
      assertThat(trains.parameters()).isEqualTo(steps.parameters()).isNotEqualTo(model.parameters);
      assertThat(trains.laneState()).isEqualTo(steps.laneState());
    }
  }

  @Test
  void trainingEndsWithANormThatIsNotFinite() {
    Case model = new Case(new LstmShape(13, 6, 2), 3);
    LaneShard text = randomText(model, 40);
    model.parameters[model.parameters.length - 1] = Float.NaN;
    try (Replica replica = model.replica(engine)) {
      Steps.Result result = replica.train(steps(text, 0, 14, new Sgd(0.5)));
      assertThat(Double.isFinite(result.gradientNorm())).isFalse();
    }
  }

  private static double rate(int window) {
    return 1.0 / (1 + window);
  }

  private Steps steps(LaneShard text, int from, int to, Optimiser optimiser) {
    LaneReader reader = new LaneReader(List.of(text).iterator()).with(text.shift());
    return new Steps(reader, from, to, optimiser, ReplicaTest::rate, noise, NOISE);
  }

  /** So many words to predict in each lane, in windows of three. */
  private static LaneShard randomText(Case model, int predictions) {
    int[][] tokens = new int[model.lanes][];
    Arrays.setAll(
        tokens,
        lane -> model.random.ints(predictions + 1L, 0, model.shape.vocabularySize()).toArray());
    return new LaneShard(5, 3, tokens);
  }

  @Test
  void theStepClipsByTheGlobalNorm() {
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

  @Test
  void aUniformModelHasThePerplexityOfItsVocabularySize() {
    LstmShape shape = new LstmShape(37, 5, 2);
    try (Replica replica = Replicas.of(engine, shape, 2)) {
      replica.setParameters(new float[shape.parameterCount()]);
      Window window = randomWindow(fresh(), shape, 2, 9);
      assertThat(replica.evaluate(window).perplexity()).isCloseTo(37, within(1e-4));
      assertThat(replica.backpropagate(window, Regularisation.NONE, NOISE).perplexity())
          .isCloseTo(37, within(1e-4));
    }
  }

  /** Softmax in floats would round such a probability to 0. */
  @Test
  void aHopelessTargetHasAFiniteLoss() {
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

  @Test
  void aParameterThatIsNotANumberShowsInTheLossOrInTheNorm() {
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

  protected static Random fresh() {
    long seed = new Random().nextLong();
    System.out.println("seed " + seed);
    return new Random(seed);
  }

  protected static Window randomWindow(Random random, LstmShape shape, int lanes, int length) {
    int v = shape.vocabularySize();
    return new Window(
        random.nextInt(100),
        random.nextInt(10),
        lanes,
        length,
        random.ints((long) lanes * length, 0, v).toArray(),
        random.ints((long) lanes * length, 0, v).toArray());
  }

  static float[] randomFloats(Random random, int count) {
    float[] floats = new float[count];
    for (int i = 0; i < count; i++) {
      floats[i] = random.nextFloat() - 0.5f;
    }
    return floats;
  }

  /** The largest difference of two elements; NaN if there is one. */
  protected static double difference(float[] a, float[] b) {
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
