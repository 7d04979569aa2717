package org.sparklstm.engine.onednn;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import java.util.List;
import java.util.Random;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.sparklstm.engine.Dropout;
import org.sparklstm.engine.Dropout.Mode;
import org.sparklstm.engine.Engines;
import org.sparklstm.engine.FastReplicaTest;
import org.sparklstm.engine.Regularisation;
import org.sparklstm.engine.Replica;
import org.sparklstm.engine.Replicas;
import org.sparklstm.engine.SampledWords;
import org.sparklstm.engine.Sgd;
import org.sparklstm.model.LstmShape;
import org.sparklstm.model.ParameterLayout;
import org.sparklstm.text.Window;

class OneDnnReplicaTest extends FastReplicaTest {

  OneDnnReplicaTest() {
    super("onednn", "dl4j");
  }

  @ParameterizedTest
  @ValueSource(booleans = {false, true})
  void targetsAndSampleOfAllWordsAreTheWholeSoftmax(boolean tied) {
    LstmShape shape = new LstmShape(211, 13, 2, tied);
    Random random = fresh();
    float[] parameters = ParameterLayout.initialise(shape, 0.5f, random.nextLong());
    Regularisation sampled = new Regularisation(Dropout.NONE, 0, 0, 210);
    int[] uncertain = // each window has all of them as its targets
        IntStream.range(0, 211)
            .filter(word -> new SampledWords(211, 210).probability(word) < 1)
            .toArray();
    assertThat(uncertain).hasSizeBetween(1, 30);
    try (Replica all = replica(shape, parameters);
        Replica sample = replica(shape, parameters)) {
      for (int step = 0; step < 5; step++) {
        Window window = randomWindow(random, shape, 3, 10);
        System.arraycopy(uncertain, 0, window.targets(), 0, uncertain.length);
        double nats = all.backpropagate(window, Regularisation.NONE, NOISE).nats();
        assertThat(sample.backpropagate(window, sampled, NOISE).nats())
            .isCloseTo(nats, within(1e-5 * nats));
        assertThat(difference(sample.gradient(), all.gradient())).isLessThan(1e-5);
        double norm = all.step(new Sgd(0.5), 1);
        assertThat(sample.step(new Sgd(0.5), 1)).isCloseTo(norm, within(1e-5 * norm));
      }
      assertThat(difference(sample.parameters(), all.parameters())).isLessThan(1e-5);
    }
  }

  @ParameterizedTest
  @ValueSource(booleans = {false, true})
  void aSampleLeavesNoTraceInTheNextOne(boolean tied) {
    LstmShape shape = new LstmShape(301, 5, 1, tied);
    Random random = fresh();
    float[] parameters = ParameterLayout.initialise(shape, 0.5f, random.nextLong());
    Regularisation sampled = new Regularisation(Dropout.NONE, 0, 0, 20);
    try (Replica used = replica(shape, parameters)) {
      for (int i = 0; i < 10; i++) {
        Window window = randomWindow(random, shape, 3, 7);
        used.setLaneState(new float[3 * shape.laneStateSize()]);
        used.backpropagate(window, sampled, NOISE);
        try (Replica fresh = replica(shape, parameters)) {
          fresh.backpropagate(window, sampled, NOISE);
          assertThat(used.gradient()).isEqualTo(fresh.gradient());
        }
      }
    }
  }

  @Test
  void kindsOfTrainingLengthsAndEvaluationTakeTurnsOnAReplica() {
    LstmShape shape = new LstmShape(301, 5, 2, true);
    Random random = fresh();
    float[] parameters = ParameterLayout.initialise(shape, 0.5f, random.nextLong());
    List<Regularisation> kinds =
        List.of(
            Regularisation.NONE,
            new Regularisation(Dropout.NONE, 0, 0, 20),
            new Regularisation(new Dropout(0.7f, 0.7f, 0.7f, Mode.LOCKED, 0.7f, 0.7f)),
            new Regularisation(new Dropout(0.7f, 0.7f, 0.7f, Mode.PER_STEP, 0.7f, 1), 0, 0, 30));
    try (Replica used = replica(shape, parameters)) {
      for (int i = 0; i < 60; i++) {
        Regularisation kind = kinds.get(random.nextInt(60) < 40 ? i / 20 : random.nextInt(4));
        Window window = randomWindow(random, shape, 3, 5 + random.nextInt(5));
        try (Replica fresh = replica(shape, used.parameters())) {
          for (Replica replica : List.of(used, fresh)) {
            replica.setLaneState(new float[3 * shape.laneStateSize()]);
            replica.backpropagate(window, kind, NOISE);
            replica.step(new Sgd(0.5), 1);
          }
          assertThat(used.parameters()).isEqualTo(fresh.parameters());
          if (i % 3 == 0) {
            assertThat(used.score(window)).isEqualTo(fresh.score(window));
          }
        }
      }
    }
  }

  private static Replica replica(LstmShape shape, float[] parameters) {
    Replica replica = Replicas.of(Engines.find("onednn"), shape, 3);
    replica.setParameters(parameters);
    return replica;
  }
}
