package org.sparklstm.engine;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import java.util.Arrays;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.sparklstm.engine.Dropout.Mode;
import org.sparklstm.model.LstmShape;
import org.sparklstm.model.ParameterLayout;
import org.sparklstm.text.Window;

/** What a fast engine is checked for besides: larger models, against another engine. */
public abstract class FastReplicaTest extends ReplicaTest {
  private final Engine engine;
  private final Engine referenceEngine;

  /**
   * Tests an engine that computes in floats.
   *
   * @param engine its name
   * @param reference the name of the engine that it is compared with
   */
  protected FastReplicaTest(String engine, String reference) {
    super(Engines.find(engine), Engines.find(engine), Tolerance.OF_FLOATS);
    this.engine = Engines.find(engine);
    this.referenceEngine = Engines.find(reference);
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
  void tenStepsAreThoseOfTheReference(int h, int l, int b, int t, float keep, Mode mode) {
    LstmShape shape = new LstmShape(211, h, l);
    Regularisation regularisation = new Regularisation(new Dropout(keep, mode));
    Random random = fresh();
    float[] parameters = ParameterLayout.initialise(shape, 0.1f, random.nextLong());
    float[] state = randomFloats(random, b * shape.laneStateSize());
    try (Replica fast = Replicas.of(engine, shape, b);
        Replica reference = Replicas.of(referenceEngine, shape, b)) {
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
    try (Replica fast = Replicas.of(engine, shape, 20);
        Replica reference = Replicas.of(referenceEngine, shape, 20)) {
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
    try (Replica replica = Replicas.of(engine, shape, 3)) {
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

  private void assertScoresAsAFreshOne(Replica replica, float[] parameters, Window window) {
    replica.setLaneState(new float[3 * new LstmShape(61, 9, 2).laneStateSize()]);
    try (Replica fresh = Replicas.of(engine, new LstmShape(61, 9, 2), 3)) {
      fresh.setParameters(parameters);
      assertThat(replica.score(window)).isEqualTo(fresh.score(window));
    }
  }

  @Test
  void arraysAndWindowsOfAnotherShapeAreRefused() {
    LstmShape shape = new LstmShape(23, 7, 2);
    try (Replica fast = Replicas.of(engine, shape, 2)) {
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
    try (Replica fast = Replicas.of(engine, shape, 2)) {
      fast.setParameters(parameters);
      assertThat(fast.step(new Sgd(5), 1)).isZero();
      assertThat(fast.parameters()).isEqualTo(parameters);
    }
  }
}
