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
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;
import org.nd4j.linalg.api.buffer.DataType;
import org.sparklstm.model.LstmSpec;
import org.sparklstm.model.LstmSpec.DropoutMode;
import org.sparklstm.model.ParameterLayout;
import org.sparklstm.text.Window;

/**
 * The engines against the equations in double precision and against each other, on fresh random
 * inputs.
 */
class ReplicaTest {
  private static final long NOISE = 99;

  /** The reference in double; the fast engine has floats only. */
  @ParameterizedTest(name = "{0} V={1} H={2} L={3} B={4} T={5} keep={6} {7} tied={8}")
  @CsvSource({
    "DL4J, 13, 7, 2, 3, 5, 1, PER_STEP, false",
    "DL4J, 11, 5, 1, 1, 1, 1, PER_STEP, false",
    "DL4J, 17, 4, 3, 2, 7, 0.5, PER_STEP, false",
    "DL4J, 12, 5, 2, 1, 4, 0.5, PER_STEP, false",
    "DL4J, 9, 13, 2, 4, 3, 0.35, LOCKED, false",
    "FUSED, 13, 7, 2, 3, 5, 1, PER_STEP, false",
    "FUSED, 11, 5, 1, 1, 1, 1, PER_STEP, true",
    "FUSED, 17, 4, 3, 2, 7, 0.5, PER_STEP, false",
    "FUSED, 12, 5, 2, 1, 4, 0.5, LOCKED, false",
    "FUSED, 9, 13, 2, 4, 3, 0.35, LOCKED, true"
  })
  void everyGradientEqualsCentralDifferencesInDouble(
      Engine.Name engine,
      int v,
      int h,
      int l,
      int b,
      int t,
      float keep,
      DropoutMode mode,
      boolean tied) {
    LstmSpec spec = new LstmSpec(v, h, l, keep, mode, tied);
    Random random = fresh();
    float[] parameters = ParameterLayout.initialise(spec, 0.5f, random.nextLong());
    float[] state = randomFloats(random, b * spec.laneStateSize());
    Window window = randomWindow(random, spec, b, t);
    NaiveLstm naive = new NaiveLstm(spec);
    boolean inDouble = engine == Engine.Name.DL4J;
    double precision = inDouble ? 1 : 100;
    try (Replica replica =
        inDouble
            ? new Dl4jReplica(spec, b, DataType.DOUBLE)
            : new Engine(engine, 1).replica(spec, b)) {
      replica.setParameters(parameters);
      replica.setLaneState(state);
      LossSum loss = replica.backpropagate(window, NOISE);

      double[] end = doubles(state);
      assertThat(loss.nats())
          .isCloseTo(
              naive.loss(parameters, end, window, NOISE), within(precision * 1e-8 * loss.tokens()));
      assertThat(loss.tokens()).isEqualTo((long) b * t);
      assertClose(replica.laneState(), end, 1e-6); // a few roundings of a float
      float[] gradient = replica.gradient();
      for (int i = 0; i < parameters.length; i++) {
        // Steps that floats hold exactly; the difference's own error is O(step²).
        float value = parameters[i];
        parameters[i] = value + 0x1p-10f;
        double above = naive.loss(parameters, doubles(state), window, NOISE);
        double width = parameters[i];
        parameters[i] = value - 0x1p-10f;
        double below = naive.loss(parameters, doubles(state), window, NOISE);
        width -= parameters[i];
        parameters[i] = value;
        assertThat(gradient[i])
            .describedAs("parameter %s", i)
            .isCloseTo(
                (float) ((above - below) / width / b), within((inDouble ? 2e-6f : 5e-6f) * t));
      }
    }
  }

  @ParameterizedTest
  @EnumSource(names = {"FUSED", "DL4J"})
  void evaluationUsesNoDropoutAndCarriesState(Engine.Name engine) {
    LstmSpec spec = new LstmSpec(13, 6, 2, 0.5f);
    Random random = fresh();
    float[] parameters = ParameterLayout.initialise(spec, 0.5f, random.nextLong());
    NaiveLstm naive = new NaiveLstm(spec);
    double[] state = new double[3 * spec.laneStateSize()];
    try (Replica replica = new Engine(engine, 1).replica(spec, 3)) {
      replica.setParameters(parameters);
      for (int length : new int[] {4, 4, 1}) {
        Window window = randomWindow(random, spec, 3, length);
        assertThat(replica.evaluate(window).nats())
            .isCloseTo(naive.loss(parameters, state, window, null), within(1e-4));
      }
      assertClose(replica.laneState(), state, 1e-5);
    }
  }

  @ParameterizedTest
  @EnumSource(names = {"FUSED", "DL4J"})
  void aReplicaForgetsWhatItComputedBefore(Engine.Name engine) {
    LstmSpec spec = new LstmSpec(13, 6, 2, 0.5f);
    Random random = fresh();
    float[] parameters = ParameterLayout.initialise(spec, 0.5f, random.nextLong());
    float[] state = randomFloats(random, 3 * spec.laneStateSize());
    Window window = randomWindow(random, spec, 3, 4);
    try (Replica replica = new Engine(engine, 1).replica(spec, 3)) {
      float[][] results = new float[2][];
      for (int run = 0; run < 2; run++) {
        replica.setParameters(parameters);
        replica.setLaneState(state);
        replica.backpropagate(window, NOISE);
        replica.step(1.0, 0.1);
        results[run] = replica.parameters();
        replica.evaluate(randomWindow(random, spec, 3, 2));
      }
      assertThat(results[1]).isEqualTo(results[0]).isNotEqualTo(parameters);
    }
  }

  @ParameterizedTest
  @EnumSource(names = {"FUSED", "DL4J"})
  void theStepClipsByTheGlobalNorm(Engine.Name engine) {
    LstmSpec spec = new LstmSpec(13, 6, 1, 1);
    Random random = fresh();
    float[] parameters = ParameterLayout.initialise(spec, 0.5f, random.nextLong());
    try (Replica replica = new Engine(engine, 1).replica(spec, 2)) {
      replica.setParameters(parameters);
      replica.backpropagate(randomWindow(random, spec, 2, 5), NOISE);
      replica.step(2.0, 0.001);
      double moved = 0;
      float[] updated = replica.parameters();
      for (int i = 0; i < parameters.length; i++) {
        moved += Math.pow(updated[i] - parameters[i], 2);
      }
      assertThat(Math.sqrt(moved)).isCloseTo(2.0 * 0.001, within(1e-6));
    }
  }

  @ParameterizedTest
  @EnumSource(names = {"FUSED", "DL4J"})
  void aUniformModelHasThePerplexityOfItsVocabularySize(Engine.Name engine) {
    LstmSpec spec = new LstmSpec(37, 5, 2, 1);
    try (Replica replica = new Engine(engine, 1).replica(spec, 2)) {
      replica.setParameters(new float[spec.parameterCount()]);
      Window window = randomWindow(fresh(), spec, 2, 9);
      assertThat(replica.evaluate(window).perplexity()).isCloseTo(37, within(1e-4));
      assertThat(replica.backpropagate(window, NOISE).perplexity()).isCloseTo(37, within(1e-4));
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
    LstmSpec spec = new LstmSpec(211, h, l, keep, mode, false);
    Random random = fresh();
    float[] parameters = ParameterLayout.initialise(spec, 0.1f, random.nextLong());
    float[] state = randomFloats(random, b * spec.laneStateSize());
    try (Replica fused = new Engine(Engine.Name.FUSED, 1).replica(spec, b);
        Replica reference = new Engine(Engine.Name.DL4J, 1).replica(spec, b)) {
      for (Replica replica : List.of(fused, reference)) {
        replica.setParameters(parameters);
        replica.setLaneState(state);
      }
      assertThat(Arrays.equals(fused.parameters(), parameters)).isTrue();
      assertThat(fused.laneState()).isEqualTo(state);
      for (int step = 0; step < 10; step++) {
        Window window = randomWindow(random, spec, b, t);
        LossSum expected = reference.backpropagate(window, NOISE);
        LossSum loss = fused.backpropagate(window, NOISE);
        assertThat(loss.tokens()).isEqualTo(expected.tokens());
        assertThat(loss.nats()).isCloseTo(expected.nats(), within(1e-5 * expected.nats()));
        double norm = Replica.norm(reference.gradient());
        assertThat(difference(fused.gradient(), reference.gradient())).isLessThan(1e-4 * norm);
        assertThat(fused.step(1, 0.5)).isCloseTo(norm, within(1e-4 * norm));
        reference.step(1, 0.5);
      }
      assertThat(difference(fused.parameters(), reference.parameters())).isLessThan(1e-4);
      assertThat(difference(fused.laneState(), reference.laneState())).isLessThan(1e-4);
    }
  }

  /** Logits come in blocks of rows, here three: 420 rows of 33,000 words. */
  @Test
  void aVocabularyOfSeveralBlocksOfLogitsEqualsTheReference() {
    LstmSpec spec = new LstmSpec(33_000, 5, 1, 1);
    Random random = fresh();
    float[] parameters = ParameterLayout.initialise(spec, 0.5f, random.nextLong());
    try (Replica fused = new Engine(Engine.Name.FUSED, 1).replica(spec, 20);
        Replica reference = new Engine(Engine.Name.DL4J, 1).replica(spec, 20)) {
      Window window = randomWindow(random, spec, 20, 21);
      fused.setParameters(parameters);
      reference.setParameters(parameters);
      double expected = reference.backpropagate(window, NOISE).nats();
      assertThat(fused.backpropagate(window, NOISE).nats())
          .isCloseTo(expected, within(1e-5 * expected));
      assertThat(difference(fused.gradient(), reference.gradient())).isLessThan(1e-6);
    }
  }

  /** Softmax in floats would round such a probability to 0. */
  @Test
  void aHopelessTargetHasAFiniteLoss() {
    LstmSpec spec = new LstmSpec(5, 3, 1, 1);
    float[] parameters = new float[spec.parameterCount()];
    int bias = parameters.length - 5;
    parameters[bias + 2] = 200;
    int[] inputs = {0, 1};
    int[] targets = {2, 3};
    try (Replica fused = new Engine(Engine.Name.FUSED, 1).replica(spec, 1)) {
      fused.setParameters(parameters);
      LossSum loss = fused.evaluate(new Window(0, 0, 1, 2, inputs, targets));
      assertThat(loss.nats()).isCloseTo(200, within(1e-3));
    }
  }

  @ParameterizedTest
  @EnumSource(names = {"FUSED", "DL4J"})
  void aParameterThatIsNotANumberShowsInTheLossOrInTheNorm(Engine.Name engine) {
    LstmSpec spec = new LstmSpec(23, 7, 2, 1);
    Window window = randomWindow(fresh(), spec, 2, 5);
    try (Replica replica = new Engine(engine, 1).replica(spec, 2)) {
      for (ParameterLayout.Tensor tensor : ParameterLayout.of(spec)) {
        float[] parameters = ParameterLayout.initialise(spec, 0.1f, 1);
        int row = tensor.name().startsWith("embedding") ? window.inputs()[0] : 0;
        parameters[tensor.offset() + row * 7] = Float.NaN;
        replica.setParameters(parameters);
        replica.setLaneState(new float[2 * spec.laneStateSize()]);
        double nats = replica.backpropagate(window, NOISE).nats();
        assertThat(Double.isFinite(nats) && Double.isFinite(replica.step(1, 5)))
            .describedAs(tensor.name())
            .isFalse();
      }
    }
  }

  @Test
  void arraysAndWindowsOfAnotherShapeAreRefused() {
    LstmSpec spec = new LstmSpec(23, 7, 2, 1);
    try (Replica fused = new Engine(Engine.Name.FUSED, 1).replica(spec, 2)) {
      assertThatThrownBy(() -> fused.setParameters(new float[3]))
          .hasMessage("Needs 1185 parameters, got 3");
      assertThatThrownBy(() -> fused.setLaneState(new float[3]))
          .hasMessage("Needs 56 floats of lane state, got 3");
      assertThatThrownBy(() -> fused.evaluate(randomWindow(fresh(), spec, 3, 5)))
          .hasMessage("Needs windows of 2 lanes, got 3");
    }
  }

  @Test
  void aStepWithoutAGradientChangesNothing() {
    LstmSpec spec = new LstmSpec(23, 7, 2, 1);
    float[] parameters = ParameterLayout.initialise(spec, 0.1f, 1);
    try (Replica fused = new Engine(Engine.Name.FUSED, 1).replica(spec, 2)) {
      fused.setParameters(parameters);
      assertThat(fused.step(1, 5)).isZero();
      assertThat(fused.parameters()).isEqualTo(parameters);
    }
  }

  @ParameterizedTest
  @CsvSource({
    "10000, 1500, 2, 20, 35, PER_STEP, false",
    "10000, 650, 3, 20, 35, LOCKED, true",
    "50000, 200, 2, 10, 20, PER_STEP, false",
    "30000, 100, 1, 64, 35, PER_STEP, true",
    "3000, 512, 4, 128, 35, PER_STEP, false"
  })
  void aReplicaTakesNoMoreThanItTells(
      int words, int h, int layers, int lanes, int length, DropoutMode mode, boolean tied) {
    LstmSpec spec = new LstmSpec(words, h, layers, 0.5f, mode, tied);
    Window window = randomWindow(fresh(), spec, lanes, length);
    Engine engine = new Engine(Engine.Name.FUSED, 1);
    long told = engine.nativeBytes(spec, lanes, length);
    float[] zeros = new float[spec.parameterCount()];
    long before = Pointer.physicalBytes();
    try (Replica replica = engine.replica(spec, lanes)) {
      replica.setParameters(zeros);
      replica.backpropagate(window, NOISE);
      replica.step(1, 10);
      long taken = Pointer.physicalBytes() - before;
      System.out.printf("takes %s bytes, tells of %s%n", taken, told);
      assertThat(taken).isLessThan(told + (64 << 20)); // this JVM's heap may grow too
      assertThat(told).isLessThan(1 << 30);
    }
  }

  private static Random fresh() {
    long seed = new Random().nextLong();
    System.out.println("seed " + seed);
    return new Random(seed);
  }

  private static Window randomWindow(Random random, LstmSpec spec, int lanes, int length) {
    int v = spec.vocabularySize();
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
