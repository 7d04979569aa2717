package org.sparklstm.averaging;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.List;
import java.util.Random;
import java.util.stream.IntStream;
import org.apache.spark.api.java.JavaSparkContext;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.sparklstm.averaging.ShardedLanes.Span;
import org.sparklstm.testing.Corpus;
import org.sparklstm.testing.LocalSpark;
import org.sparklstm.text.LaneAssignment;
import org.sparklstm.text.LaneShard;
import org.sparklstm.text.TextCut;
import scala.Tuple2;

class ShardedLanesTest {
  private static final int LANES = 5;
  private static final int WINDOW = 3;
  private static final int WINDOWS = 27;

  /** Windows of {@code lanes} in any order, brought to workers. */
  static ShardedLanes of(LaneShard lanes, int workers, int stretchTokens, long memoryBytes) {
    List<Tuple2<Long, int[]>> windows = new ArrayList<>();
    for (int lane = 0; lane < lanes.lanes(); lane++) {
      for (int window = 0; window < lanes.windows(); window++) {
        int start = window * lanes.window();
        int end = Math.min(start + lanes.window() + 1, lanes.tokens()[lane].length);
        windows.add(
            new Tuple2<>(
                ShardedLanes.key(lane, window),
                Arrays.copyOfRange(lanes.tokens()[lane], start, end)));
      }
    }
    Collections.shuffle(windows, new Random(3));
    long tokens = (long) lanes.lanes() * lanes.tokens()[0].length;
    return ShardedLanes.of(
        JavaSparkContext.fromSparkContext(LocalSpark.session().sparkContext())
            .parallelizePairs(windows, 3),
        new TextCut(tokens, lanes.lanes(), lanes.window(), true),
        new LaneAssignment(lanes.lanes(), workers),
        stretchTokens,
        memoryBytes);
  }

  /** Lane b is b000, b001, …; the last window has one token less. */
  private static LaneShard lanes() {
    return new LaneShard(
        0,
        WINDOW,
        IntStream.range(0, LANES)
            .mapToObj(lane -> IntStream.range(0, WINDOWS * WINDOW).map(i -> 1000 * lane + i))
            .map(IntStream::toArray)
            .toArray(int[][]::new));
  }

  @ParameterizedTest(name = "{0} workers, {1} tokens a stretch")
  @CsvSource({"1, 1", "1, 250", "2, 18", "3, 80", "5, 6", "5, 1000"})
  void stretchesOfAnyLengthAreTheLanes(int workers, int stretchTokens) {
    try (ShardedLanes text = of(lanes(), workers, stretchTokens, 0)) {
      assertThat(Corpus.shards(text)).hasSize(workers);
      assertThat(Corpus.lanes(text)).isDeepEqualTo(lanes().tokens());
    }
  }

  /** Worker 0 has three lanes, worker 1 two; a stretch is eight windows of three tokens a lane. */
  @Test
  void aTaskReadsTheStretchesOfItsWindowsOnly() {
    try (ShardedLanes text = of(lanes(), 2, 18, 0)) {
      List<Span> spans = List.of(new Span(1, 26, 27), new Span(0, 7, 9), new Span(1, 9, 23));

      List<List<LaneShard>> read = text.stretches(spans).glom().collect();

      assertThat(read.get(0)).extracting(LaneShard::firstWindow).containsExactly(24);
      assertThat(read.get(1)).extracting(LaneShard::firstWindow).containsExactly(0, 8);
      assertThat(read.get(2)).extracting(LaneShard::firstWindow).containsExactly(8, 16);
      assertThat(read.get(1)).extracting(LaneShard::firstLane).containsOnly(0);
      assertThat(read.get(2)).extracting(LaneShard::firstLane).containsOnly(3);
      assertThat(read.get(1).get(0).tokens()[2])
          .containsExactly(IntStream.range(2000, 2025).toArray());
      assertThat(text.readers(spans).map(reader -> reader.window(26).inputs()).first())
          .containsExactly(3078, 4078, 3079, 4079); // has one step less
    }
  }

  @Test
  void stretchesThatAreLostAreMadeAgain() {
    ShardedLanes text = of(lanes(), 2, 18, 0);
    text.close();

    assertThat(Corpus.lanes(text)).isDeepEqualTo(lanes().tokens());
  }

  @Test
  void aLongTextIsKeptOnDiskAndAShortOneInMemory() {
    long bytes = 4L * LANES * WINDOWS * WINDOW;
    try (ShardedLanes onDisk = of(lanes(), 2, 18, bytes - 1);
        ShardedLanes inMemory = of(lanes(), 2, 18, bytes)) {
      assertThat(onDisk.bytesInMemory()).isZero();
      assertThat(inMemory.bytesInMemory()).isEqualTo(bytes);
      assertThat(Corpus.lanes(onDisk)).isDeepEqualTo(Corpus.lanes(inMemory));
    }
  }

  /** Window 8 is the first of a stretch, window 9 is within one. */
  @ParameterizedTest
  @CsvSource({"8", "9"})
  void windowsThatDoNotContinueEachOtherAreRefused(int window) {
    int[][] tokens = lanes().tokens();
    List<Tuple2<Long, int[]>> windows = new ArrayList<>();
    for (int i = 0; i < 12; i++) {
      int[] ids = Arrays.copyOfRange(tokens[0], i * WINDOW, (i + 1) * WINDOW + 1);
      ids[0] += i == window ? 1 : 0;
      windows.add(new Tuple2<>(ShardedLanes.key(0, i), ids));
    }

    assertThatThrownBy(
            () ->
                ShardedLanes.of(
                    JavaSparkContext.fromSparkContext(LocalSpark.session().sparkContext())
                        .parallelizePairs(windows, 2),
                    new TextCut(12 * WINDOW + 1, 1, WINDOW, false),
                    new LaneAssignment(1, 1),
                    2 * WINDOW,
                    0))
        .hasMessageContaining(
            "Window %s of lane 0 does not begin with the last target of the window before", window);
  }
}
