package org.sparklstm.score;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.Iterator;
import java.util.List;
import java.util.NoSuchElementException;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.sparklstm.engine.Replica;
import org.sparklstm.engine.Replicas;
import org.sparklstm.model.LstmShape;
import org.sparklstm.model.ParameterLayout;
import org.sparklstm.text.Window;

class LaneScorerTest {
  private static final LstmShape SHAPE = new LstmShape(31, 7, 2);
  private static final int START = 3;

  /** What an engine rounds differently in another number of lanes. */
  private static final double TOLERANCE = 1e-5;

  private static Random fresh() {
    long seed = new Random().nextLong();
    System.out.println("seed " + seed);
    return new Random(seed);
  }

  /** Rows of 0 to 3 sequences of 1 to 9 ids. */
  private static List<List<int[]>> rows(Random random, int count) {
    List<List<int[]>> rows = new ArrayList<>();
    for (int row = 0; row < count; row++) {
      List<int[]> sequences = new ArrayList<>();
      for (int i = random.nextInt(4); i > 0; i--) {
        sequences.add(random.ints(1 + random.nextInt(9), 0, SHAPE.vocabularySize()).toArray());
      }
      rows.add(sequences);
    }
    return rows;
  }

  /** −ln p of each id of a row, one word after the other in a single lane. */
  private static List<Double> reference(Replica lane, List<int[]> sequences) {
    List<Double> nats = new ArrayList<>();
    for (int[] sequence : sequences) {
      lane.setLaneState(new float[SHAPE.laneStateSize()]);
      int before = START;
      for (int id : sequence) {
        nats.add(lane.score(new Window(0, 0, 1, 1, new int[] {before}, new int[] {id}))[0]);
        before = id;
      }
    }
    return nats;
  }

  @ParameterizedTest(name = "{0} lanes, {1} rows")
  @CsvSource({"1, 5", "2, 1", "3, 40", "7, 3", "8, 200", "16, 0"})
  void everyWordHasTheProbabilityThatItHasInALaneByItself(int lanes, int count) {
    Random random = fresh();
    float[] parameters = ParameterLayout.initialise(SHAPE, 0.8f, random.nextLong());
    List<List<int[]>> rows = rows(random, count);
    try (Replica replica = Replicas.of("onednn", SHAPE, lanes);
        Replica single = Replicas.of("onednn", SHAPE, 1)) {
      replica.setParameters(parameters);
      single.setParameters(parameters);
      replica.setLaneState(noise(random, lanes * SHAPE.laneStateSize())); // of an earlier task
      LaneScorer<List<int[]>> scorer =
          new LaneScorer<>(replica, START, rows.iterator(), row -> row);

      for (List<int[]> row : rows) {
        LaneScorer.Scored<List<int[]>> scored = scorer.next();

        assertThat(scored.row()).isSameAs(row);
        assertThat(scored.ids()).isEqualTo(row.stream().flatMapToInt(Arrays::stream).toArray());
        List<Double> expected = reference(single, row);
        assertThat(scored.nats()).hasSize(expected.size());
        for (int i = 0; i < expected.size(); i++) {
          assertThat(scored.nats()[i]).isCloseTo(expected.get(i), within(TOLERANCE));
        }
      }
      assertThat(scorer.hasNext()).isFalse();
      assertThatThrownBy(scorer::next).isInstanceOf(NoSuchElementException.class);
    }
  }

  private static float[] noise(Random random, int size) {
    float[] values = new float[size];
    for (int i = 0; i < size; i++) {
      values[i] = (float) random.nextGaussian();
    }
    return values;
  }

  @Test
  void lanesAreIdleOnlyWhereTheRowsEnd() {
    List<List<int[]>> rows = List.of(List.of(new int[4]), List.of(new int[2], new int[2]));
    try (Replica replica = Replicas.of("onednn", SHAPE, 2)) {
      LaneScorer<List<int[]>> scorer =
          new LaneScorer<>(replica, START, rows.iterator(), row -> row);

      scorer.next();
      scorer.next();

      assertThat(scorer.padding()).isZero(); // four steps of two lanes
    }
    try (Replica replica = Replicas.of("onednn", SHAPE, 3)) {
      LaneScorer<List<int[]>> scorer =
          new LaneScorer<>(replica, START, rows.iterator(), row -> row);

      scorer.next();

      assertThat(scorer.padding()).isCloseTo(4 / 12.0, within(1e-12)); // 8 predictions of 4 · 3
    }
  }

  @Test
  void rowsAreTakenOnlyWhenLanesNeedThem() {
    int[] taken = {0};
    Iterator<List<int[]>> endless =
        new Iterator<>() {
          @Override
          public boolean hasNext() {
            return true;
          }

          @Override
          public List<int[]> next() {
            taken[0]++;
            return List.of(new int[] {1, 2});
          }
        };
    try (Replica replica = Replicas.of("onednn", SHAPE, 4)) {
      LaneScorer<List<int[]>> scorer = new LaneScorer<>(replica, START, endless, row -> row);

      scorer.next();

      assertThat(taken[0]).isEqualTo(4);
    }
  }

  @Test
  void aLongRowBeforeThemHoldsUpOnlySoManyRows() {
    int[] taken = {0};
    Iterator<List<int[]>> endless =
        new Iterator<>() {
          @Override
          public boolean hasNext() {
            return true;
          }

          @Override
          public List<int[]> next() {
            return List.of(new int[taken[0]++ == 0 ? 20_000 : 1]);
          }
        };
    try (Replica replica = Replicas.of("onednn", SHAPE, 4)) {
      LaneScorer<List<int[]>> scorer = new LaneScorer<>(replica, START, endless, row -> row);

      scorer.next();

      assertThat(taken[0]).isEqualTo(1 << 14);
    }
  }

  @Test
  void aWordWithoutAnIdHasNoProbabilityAndTheOthersHaveTheirs() {
    List<List<int[]>> rows = List.of(List.of(new int[] {5, Tokenizer.NONE, 6}));
    try (Replica replica = Replicas.of("onednn", SHAPE, 1)) {
      double[] nats = new LaneScorer<>(replica, START, rows.iterator(), row -> row).next().nats();

      double uniform = Math.log(SHAPE.vocabularySize()); // of parameters that are all zero
      assertThat(nats[0]).isCloseTo(uniform, within(TOLERANCE));
      assertThat(nats[1]).isNaN();
      assertThat(nats[2]).isCloseTo(uniform, within(TOLERANCE));
    }
  }
}
