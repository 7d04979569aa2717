package org.sparklstm.engine;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import java.util.Random;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.nd4j.linalg.api.buffer.DataType;
import org.sparklstm.engine.Dropout.Mode;
import org.sparklstm.engine.dl4j.Dl4jEngine;
import org.sparklstm.model.LstmShape;
import org.sparklstm.model.ParameterLayout;
import org.sparklstm.text.Window;

/** Training in bfloat16 against double precision and float32, on fresh random inputs. */
class Bfloat16Test {
  /** A rounding to 8 bits, relative. */
  private static final double ROUNDING = 1.0 / 256;

  private final Random random = ReplicaTest.fresh();

  @BeforeEach
  void assumeBfloat16() {
    Replicas.assumeBfloat16();
  }

  @ParameterizedTest
  @CsvSource({
    "13, 7 7 7, 3, 5",
    "11, 5 5, 1, 1",
    "1003, 33 33 33 33, 2, 7",
    "97, 64 64 64, 5, 4",
    "301, 24 40 17, 3, 6"
  })
  void eachTensorsGradientIsThatOfDoublesButForRoundings(
      int words, String sizes, int lanes, int length) {
    LstmShape shape = ReplicaTest.shape(words, sizes, false);
    float[] parameters = ParameterLayout.initialise(shape, 0.5f, random.nextLong());
    Window window = ReplicaTest.randomWindow(random, shape, lanes, length);
    try (Replica rounded = onednn(shape, lanes, Precision.BFLOAT16);
        Replica precise = Replicas.of(new Dl4jEngine(DataType.DOUBLE), shape, lanes)) {
      rounded.setParameters(parameters);
      precise.setParameters(parameters);
      float[] state = ReplicaTest.randomFloats(random, lanes * shape.laneStateSize());
      rounded.setLaneState(state);
      precise.setLaneState(state);
      LossSum loss = rounded.backpropagate(window, Regularisation.NONE, 1);
      LossSum expected = precise.backpropagate(window, Regularisation.NONE, 1);

      assertThat(loss.nats()).isCloseTo(expected.nats(), within(ROUNDING * expected.nats()));
      assertEachTensorIsNear(shape, rounded.gradient(), precise.gradient());
    }
  }

  /** The noise is the same in both, so that their gradients are of the same function. */
  @ParameterizedTest
  @CsvSource({
    "13, 7 7 7, 3, 5, PER_STEP, false",
    "301, 33 33 33, 2, 7, LOCKED, true",
    "301, 24 40 33 24, 2, 7, LOCKED, true"
  })
  void withNoiseEachTensorsGradientIsThatOfFloatsButForRoundings(
      int words, String sizes, int lanes, int length, Mode mode, boolean tied) {
    LstmShape shape = ReplicaTest.shape(words, sizes, tied);
    Regularisation noise =
        new Regularisation(new Dropout(0.7f, 0.7f, 0.7f, mode, 0.6f, 0.8f), 2, 1, words / 8);
    float[] parameters = ParameterLayout.initialise(shape, 0.5f, random.nextLong());
    Window window = ReplicaTest.randomWindow(random, shape, lanes, length);
    try (Replica rounded = onednn(shape, lanes, Precision.BFLOAT16);
        Replica plain = onednn(shape, lanes, Precision.FLOAT32)) {
      rounded.setParameters(parameters);
      plain.setParameters(parameters);
      rounded.backpropagate(window, noise, 1);
      plain.backpropagate(window, noise, 1);

      assertEachTensorIsNear(shape, rounded.gradient(), plain.gradient());
    }
  }

  private static void assertEachTensorIsNear(LstmShape shape, float[] values, float[] reference) {
    for (ParameterLayout.Tensor tensor : ParameterLayout.of(shape)) {
      assertThat(error(tensor, values, reference))
          .describedAs(tensor.name())
          .isLessThan(4 * ROUNDING)
          .isPositive();
    }
  }

  /** The norm of a tensor's difference as a share of its norm. */
  private static double error(ParameterLayout.Tensor tensor, float[] values, float[] reference) {
    double difference = 0;
    double squares = 0;
    for (int i = tensor.offset(); i < tensor.offset() + tensor.size(); i++) {
      difference += Math.pow(values[i] - reference[i], 2);
      squares += Math.pow(reference[i], 2);
    }
    return Math.sqrt(difference / squares);
  }

  /** Logits exist for 4 million words at a time. */
  @Test
  void windowsOfSeveralBlocksOfLogitsHaveTheGradientOfAllOfThem() {
    LstmShape shape = new LstmShape(50_001, 16, 1);
    float[] parameters = ParameterLayout.initialise(shape, 0.1f, 1);
    Window window = ReplicaTest.randomWindow(random, shape, 9, 20);
    try (Replica rounded = onednn(shape, 9, Precision.BFLOAT16);
        Replica plain = onednn(shape, 9, Precision.FLOAT32)) {
      rounded.setParameters(parameters);
      plain.setParameters(parameters);
      rounded.backpropagate(window, Regularisation.NONE, 1);
      plain.backpropagate(window, Regularisation.NONE, 1);

      assertEachTensorIsNear(shape, rounded.gradient(), plain.gradient());
    }
  }

  @Test
  void theSameWindowsGiveTheSameBytes() {
    LstmShape shape = new LstmShape(301, 17, 2, true);
    float[] parameters = ParameterLayout.initialise(shape, 0.1f, 1);
    Window window = ReplicaTest.randomWindow(random, shape, 3, 6);
    Window other = ReplicaTest.randomWindow(random, shape, 3, 6);
    try (Replica replica = onednn(shape, 3, Precision.BFLOAT16)) {
      float[] first = train(replica, parameters, window);
      train(replica, parameters, other);
      assertThat(train(replica, parameters, window)).isEqualTo(first);
    }
  }

  private static float[] train(Replica replica, float[] parameters, Window window) {
    replica.setParameters(parameters);
    replica.setLaneState(new float[replica.laneState().length]);
    for (int step = 0; step < 3; step++) {
      replica.backpropagate(window, Regularisation.NONE, 1);
      replica.step(new Sgd(5), 1);
    }
    return replica.parameters();
  }

  @Test
  void perplexitiesAreThoseOfFloat32() {
    LstmShape shape = new LstmShape(301, 17, 2);
    float[] parameters = ParameterLayout.initialise(shape, 0.5f, 1);
    Window window = ReplicaTest.randomWindow(random, shape, 3, 6);
    try (Replica rounded = onednn(shape, 3, Precision.BFLOAT16);
        Replica plain = onednn(shape, 3, Precision.FLOAT32)) {
      rounded.setParameters(parameters);
      plain.setParameters(parameters);
      rounded.backpropagate(window, Regularisation.NONE, 1); // on the same buffers
      rounded.setLaneState(new float[rounded.laneState().length]);
      assertThat(rounded.score(window)).isEqualTo(plain.score(window));
      assertThat(rounded.laneState()).isEqualTo(plain.laneState());
    }
  }

  private static Replica onednn(LstmShape shape, int lanes, Precision precision) {
    return Replicas.of(Engines.find("onednn"), shape, lanes, precision);
  }
}
