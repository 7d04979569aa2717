package org.sparklstm.averaging;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.stream.IntStream;
import org.apache.spark.api.java.JavaSparkContext;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.sparklstm.averaging.WorkerTask.Outcome;
import org.sparklstm.averaging.WorkerTask.WorkerEnd;
import org.sparklstm.engine.LossSum;
import org.sparklstm.testing.LocalSpark;
import org.sparklstm.text.LaneAssignment;
import org.sparklstm.train.Combine;
import org.sparklstm.train.Floats;
import org.sparklstm.train.WeightedMean;

class CombinerTest {

  @Test
  void aQuarterOfTheHeapIsForUpdatesButNoMoreThanSparkAllows() {
    assertThat(Combiner.room(4000, 0)).isEqualTo(1000);
    assertThat(Combiner.room(4000, 2000)).isEqualTo(1000);
    assertThat(Combiner.room(4000, 1000)).isEqualTo(999);
    assertThat(Combiner.room(4000, 10)).isEqualTo(9);
  }

  @ParameterizedTest(name = "{0}, {1} workers, {2} MB of {3}, local: {4}")
  @CsvSource({
    "AUTO, 4, 25, 100, true, DRIVER",
    "AUTO, 5, 25, 100, true, SHARDED",
    "AUTO, 1, 101, 100, true, SHARDED",
    "AUTO, 16, 18, 1000, true, DRIVER",
    "AUTO, 8, 18, 1000, false, DRIVER",
    "AUTO, 9, 18, 1000, false, SHARDED",
    "AUTO, 40, 1, 1000, false, DRIVER",
    "AUTO, 7, 264, 4000, false, SHARDED",
    "TREE, 5, 25, 1, false, TREE"
  })
  void theDriverCollectsWhatItHasRoomForWhileThatIsFaster(
      Combine wanted, int workers, long update, long room, boolean local, Combine decided) {
    long megabyte = 1_000_000;
    assertThat(Combiner.decide(wanted, workers, update * megabyte, room * megabyte, local))
        .isEqualTo(decided);
  }

  /** Three parts for two workers, and as many parts as workers. */
  @ParameterizedTest
  @CsvSource({"3, 2, 9000001", "80, 40, 1001"})
  void partsOfAnyNumberOfWorkersAreAveraged(int lanes, int workers, int parameters) {
    LaneAssignment split = new LaneAssignment(lanes, workers);
    List<float[]> updates = new ArrayList<>();
    List<Outcome> results = new ArrayList<>();
    Random random = new Random(7);
    for (int worker = 0; worker < workers; worker++) {
      float[] update = new float[parameters];
      for (int i = 0; i < parameters; i++) {
        update[i] = random.nextFloat();
      }
      updates.add(update);
      WorkerEnd end =
          new WorkerEnd(
              split.firstLane(worker), new Floats(new float[0]), LossSum.ZERO, worker, 0, "");
      results.add(new Outcome(new Floats(update), end));
    }

    Combiner.Combined combined =
        new Combiner(split, parameters, Combine.SHARDED)
            .combine(
                JavaSparkContext.fromSparkContext(LocalSpark.session().sparkContext())
                    .parallelize(results, workers));

    assertThat(combined.mean()).isEqualTo(WeightedMean.of(updates, split.weights(), false));
    assertThat(combined.ends())
        .extracting(WorkerEnd::gradientNorm)
        .containsExactlyElementsOf(
            IntStream.range(0, workers).mapToObj(worker -> (double) worker).toList());
  }
}
