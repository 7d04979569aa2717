package org.sparklstm.score;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;
import org.sparklstm.engine.Regularisation;
import org.sparklstm.engine.Replica;
import org.sparklstm.engine.Replicas;
import org.sparklstm.model.LstmShape;
import org.sparklstm.model.ParameterLayout;
import org.sparklstm.text.Window;

class StreamScorerTest {
  private static final LstmShape SHAPE = new LstmShape(31, 5, List.of(9, 7), false);

  /** Two engines differ by 5e-7 after twenty steps. */
  private static final double TOLERANCE = 1e-5;

  private final int[] ids;
  private final float[] trained;

  StreamScorerTest() {
    long seed = new Random().nextLong();
    System.out.println("seed " + seed);
    Random random = new Random(seed);
    ids = random.ints(438, 0, SHAPE.vocabularySize()).toArray();
    trained = ParameterLayout.initialise(SHAPE, 0.8f, random.nextLong());
  }

  private Window window(int from, int to) {
    int[] inputs = Arrays.copyOfRange(ids, from, to);
    return new Window(0, 0, 1, to - from, inputs, Arrays.copyOfRange(ids, from + 1, to + 1));
  }

  @ParameterizedTest(name = "rate {0}, decay {1}; cache of {2} words, weight {3}, flatness {4}")
  @CsvSource({
    "0, 0.5, 0, 0.5, 1",
    "0.1, 0, 0, 0, 0",
    "0.1, 0.1, 0, 0, 0",
    "0.2, 0.02, 0, 0, 0",
    "0, 0, 1, 0.3, 1",
    "0, 0, 50, 0.2, 3",
    "0, 0, 1000, 0.6, 0",
    "0.1, 0.02, 77, 0.1, 0.5"
  })
  void aTextIsScoredByTheFormulas(
      double rate, double decay, int cached, double weight, double flatness) {
    DynamicEvaluation dynamic = new DynamicEvaluation(rate, decay);
    List<Double> found = new ArrayList<>();
    NeuralCache.Options cache = new NeuralCache.Options(cached, weight, flatness);
    try (Replica replica = Replicas.of("onednn", SHAPE, 1)) {
      StreamScorer scorer = new StreamScorer(replica, SHAPE, trained.clone(), dynamic, cache);
      int length = StreamScorer.window(dynamic);
      for (int from = 0; from < ids.length - 1; from += length) {
        double[] nats = scorer.score(window(from, Math.min(from + length, ids.length - 1)));
        Arrays.stream(nats).forEach(found::add);
      }
    }

    List<Double> expected = reference(rate, decay, cached, weight, flatness);
    assertThat(found).hasSize(437).hasSameSizeAs(expected);
    for (int i = 0; i < expected.size(); i++) {
      assertThat(found.get(i))
          .describedAs("word %s", i)
          .isCloseTo(expected.get(i), within(TOLERANCE));
    }
  }

  @ParameterizedTest
  @ValueSource(ints = {0, 1, 19, 20, 21, 145})
  void aWholeTextIsScoredAsItsWindowsOneAfterTheOther(int words) {
    DynamicEvaluation dynamic = new DynamicEvaluation(0.1, 0.02);
    NeuralCache.Options cache = new NeuralCache.Options(30, 0.2, 1);
    int[] text = Arrays.copyOfRange(ids, 1, words + 1);
    double[] expected = new double[words];
    try (Replica replica = Replicas.of("onednn", SHAPE, 1)) {
      StreamScorer scorer = new StreamScorer(replica, SHAPE, trained, dynamic, cache);
      for (int from = 0; from < words; from += 20) {
        int to = Math.min(from + 20, words);
        System.arraycopy(scorer.score(window(from, to)), 0, expected, from, to - from);
      }
    }
    try (Replica replica = Replicas.of("onednn", SHAPE, 1)) {
      StreamScorer scorer = new StreamScorer(replica, SHAPE, trained, dynamic, cache);
      assertThat(scorer.score(ids[0], text)).isEqualTo(expected);
      scorer.score(3, Arrays.copyOfRange(ids, 200, 300));
      assertThat(scorer.score(ids[0], text)).as("after another text").isEqualTo(expected);
    }
  }

  @Test
  void wordsThatAModelLacksHaveNoScore() {
    int[] text = Arrays.copyOfRange(ids, 0, 60);
    Arrays.fill(text, 3, 18, Tokenizer.NONE);
    double[] learning = score(text, new DynamicEvaluation(0.5, 0), 0);
    assertThat(Arrays.copyOfRange(learning, 3, 18)).containsOnly(Double.NaN);
    // The first window, which has such words, is not learned; the second one is.
    double[] plain = score(text, new DynamicEvaluation(0, 0), 0);
    assertThat(Arrays.copyOf(learning, 40)).containsExactly(Arrays.copyOf(plain, 40), within(1e-6));
    assertThat(learning[45]).isNotCloseTo(plain[45], within(1e-6));
    // Nor does the cache have them: word 0, whose place they take, is no likelier.
    text[18] = 0;
    assertThat(score(text, new DynamicEvaluation(0, 0), 100)[18])
        .isGreaterThan(score(text, new DynamicEvaluation(0, 0), 0)[18]);
  }

  private double[] score(int[] text, DynamicEvaluation dynamic, int cached) {
    int[] withoutStart = text.clone();
    withoutStart[0] = withoutStart[0] == 0 ? 1 : withoutStart[0];
    withoutStart[1] = withoutStart[1] == 0 ? 1 : withoutStart[1];
    withoutStart[2] = withoutStart[2] == 0 ? 1 : withoutStart[2];
    NeuralCache.Options cache = new NeuralCache.Options(cached, 0.3, 0);
    try (Replica replica = Replicas.of("onednn", SHAPE, 1)) {
      return new StreamScorer(replica, SHAPE, trained, dynamic, cache).score(1, withoutStart);
    }
  }

  /** −ln p of each word, one after the other, on the reference engine and arrays. */
  private List<Double> reference(
      double rate, double decay, int cached, double weight, double flatness) {
    List<Double> nats = new ArrayList<>();
    List<double[]> states = new ArrayList<>();
    float[] parameters = trained.clone();
    try (Replica replica = Replicas.of("dl4j", SHAPE, 1)) {
      replica.setParameters(parameters);
      float[] begin = replica.laneState();
      for (int i = 0; i < ids.length - 1; i++) {
        double ofModel = Math.exp(-replica.score(window(i, i + 1))[0]);
        double[] state = topHidden(replica.laneState());
        int first = Math.max(0, states.size() - cached);
        double all = 0;
        double ofWord = 0;
        for (int k = first; k < states.size(); k++) {
          double likeness = 0;
          for (int j = 0; j < state.length; j++) {
            likeness += state[j] * states.get(k)[j];
          }
          all += Math.exp(flatness * likeness);
          ofWord += ids[k + 1] == ids[i + 1] ? Math.exp(flatness * likeness) : 0;
        }
        states.add(state);
        nats.add(-Math.log(all == 0 ? ofModel : (1 - weight) * ofModel + weight * ofWord / all));
        if (rate > 0 && (i % 20 == 19 || i == ids.length - 2)) {
          replica.setLaneState(begin);
          replica.backpropagate(window(i / 20 * 20, i + 1), Regularisation.NONE, 0);
          begin = replica.laneState();
          learn(parameters, replica.gradient(), rate);
          if (i % 200 == 199) {
            for (int j = 0; j < parameters.length; j++) {
              parameters[j] =
                  (float) (trained[j] + Math.pow(1 - decay, 10) * (parameters[j] - trained[j]));
            }
          }
          replica.setParameters(parameters);
        }
      }
    }
    return nats;
  }

  private static void learn(float[] parameters, float[] gradient, double rate) {
    double squares = 0;
    for (float g : gradient) {
      squares += (double) g * g;
    }
    double clipped = Math.min(1, 5 / Math.sqrt(squares));
    for (int i = 0; i < parameters.length; i++) {
      parameters[i] = (float) (parameters[i] - rate * clipped * gradient[i]);
    }
  }

  private static double[] topHidden(float[] laneState) {
    double[] hidden = new double[SHAPE.outputSize()];
    for (int i = 0; i < hidden.length; i++) {
      hidden[i] = laneState[SHAPE.stateOffset(1) + i];
    }
    return hidden;
  }
}
