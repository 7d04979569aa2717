package org.sparklstm.engine;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.nd4j.linalg.api.buffer.DataType;
import org.sparklstm.model.LstmSpec;
import org.sparklstm.model.ParameterLayout;
import org.sparklstm.text.Window;

/** The reference engine against the equations in double precision, on fresh random inputs. */
class ReplicaTest {
  private static final long NOISE = 99;

  @ParameterizedTest(name = "V={0} H={1} L={2} B={3} T={4} keep={5}")
  @CsvSource({
    "13, 7, 2, 3, 5, 1",
    "11, 5, 1, 1, 1, 1",
    "17, 4, 3, 2, 7, 0.5",
    "12, 5, 2, 1, 4, 0.5",
    "9, 13, 2, 4, 3, 0.35"
  })
  void everyGradientEqualsCentralDifferencesInDouble(
      int v, int h, int l, int b, int t, float keep) {
    LstmSpec spec = new LstmSpec(v, h, l, keep);
    Random random = fresh();
    float[] parameters = ParameterLayout.initialise(spec, 0.5f, random.nextLong());
    float[] state = randomFloats(random, b * spec.laneStateSize());
    Window window = randomWindow(random, spec, b, t);
    NaiveLstm naive = new NaiveLstm(spec);
    try (Dl4jReplica replica = new Dl4jReplica(spec, b, DataType.DOUBLE)) {
      replica.setParameters(parameters);
      replica.setLaneState(state);
      LossSum loss = replica.backpropagate(window, NOISE);

      double[] end = doubles(state);
      assertThat(loss.nats())
          .isCloseTo(naive.loss(parameters, end, window, NOISE), within(1e-9 * loss.tokens()));
      assertThat(loss.tokens()).isEqualTo((long) b * t);
      assertClose(replica.laneState(), end, 1e-6); // a float's resolution
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
            .describedAs("parameter %d", i)
            .isCloseTo((float) ((above - below) / width / b), within(2e-6f * t));
      }
    }
  }

  @Test
  void evaluationUsesNoDropoutAndCarriesState() {
    LstmSpec spec = new LstmSpec(13, 6, 2, 0.5f);
    Random random = fresh();
    float[] parameters = ParameterLayout.initialise(spec, 0.5f, random.nextLong());
    NaiveLstm naive = new NaiveLstm(spec);
    double[] state = new double[3 * spec.laneStateSize()];
    try (Replica replica = new Dl4jReplica(spec, 3)) {
      replica.setParameters(parameters);
      for (int length : new int[] {4, 4, 1}) {
        Window window = randomWindow(random, spec, 3, length);
        assertThat(replica.evaluate(window).nats())
            .isCloseTo(naive.loss(parameters, state, window, null), within(1e-4));
      }
      assertClose(replica.laneState(), state, 1e-5);
    }
  }

  @Test
  void aReplicaForgetsWhatItComputedBefore() {
    LstmSpec spec = new LstmSpec(13, 6, 2, 0.5f);
    Random random = fresh();
    float[] parameters = ParameterLayout.initialise(spec, 0.5f, random.nextLong());
    float[] state = randomFloats(random, 3 * spec.laneStateSize());
    Window window = randomWindow(random, spec, 3, 4);
    try (Replica replica = new Dl4jReplica(spec, 3)) {
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

  @Test
  void theStepClipsByTheGlobalNorm() {
    LstmSpec spec = new LstmSpec(13, 6, 1, 1);
    Random random = fresh();
    float[] parameters = ParameterLayout.initialise(spec, 0.5f, random.nextLong());
    try (Replica replica = new Dl4jReplica(spec, 2)) {
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

  @Test
  void aUniformModelHasThePerplexityOfItsVocabularySize() {
    LstmSpec spec = new LstmSpec(37, 5, 2, 1);
    try (Replica replica = new Dl4jReplica(spec, 2)) {
      replica.setParameters(new float[spec.parameterCount()]);
      Window window = randomWindow(fresh(), spec, 2, 9);
      assertThat(replica.evaluate(window).perplexity()).isCloseTo(37, within(1e-4));
      assertThat(replica.backpropagate(window, NOISE).perplexity()).isCloseTo(37, within(1e-4));
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
          .describedAs("element %d", i)
          .isCloseTo(expected[i], within(tolerance));
    }
  }
}
