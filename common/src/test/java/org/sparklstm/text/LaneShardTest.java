package org.sparklstm.text;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.Arrays;
import java.util.List;
import java.util.stream.IntStream;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.IntRange;
import org.junit.jupiter.api.Test;

class LaneShardTest {

  @Test
  void windowsFollowEachOtherInEachLane() {
    LaneShard shard = shard(new TextCut(14, 2, 3, false), 0, 2);

    assertThat(shard.windows()).isEqualTo(2);
    assertThat(shard.window(0).inputs()).containsExactly(0, 7, 1, 8, 2, 9);
    assertThat(shard.window(0).targets()).containsExactly(1, 8, 2, 9, 3, 10);
    assertThat(shard.window(1).inputs()).containsExactly(3, 10, 4, 11, 5, 12);
    assertThat(shard.window(1).targets()).containsExactly(4, 11, 5, 12, 6, 13);
  }

  @Test
  void whatDoesNotFillAWindowIsDroppedNotPaddedOrWrapped() {
    LaneShard shard = shard(new TextCut(13, 2, 3, false), 0, 2);

    assertThat(shard.windows()).isEqualTo(1);
    assertThat(shard.window(0).inputs()).containsExactly(0, 6, 1, 7, 2, 8);
    assertThat(shard.window(0).targets()).containsExactly(1, 7, 2, 8, 3, 9);
  }

  @Test
  void partialWindowIsShorter() {
    LaneShard shard = shard(new TextCut(13, 2, 3, true), 0, 2);

    assertThat(shard.windows()).isEqualTo(2);
    assertThat(shard.window(1).length()).isEqualTo(2);
    assertThat(shard.window(1).inputs()).containsExactly(3, 9, 4, 10);
    assertThat(shard.window(1).targets()).containsExactly(4, 10, 5, 11);
  }

  @Test
  void windowKnowsItsPlaceInTheBatch() {
    Window window = shard(new TextCut(40, 4, 2, false), 1, 3).window(3);

    assertThat(window.index()).isEqualTo(3);
    assertThat(window.firstLane()).isEqualTo(1);
    assertThat(window.lanes()).isEqualTo(2);
    assertThat(window.inputs()).containsExactly(16, 26, 17, 27);
  }

  @Test
  void lanesOfOneTokenHaveNoWindow() {
    assertThat(new LaneShard(0, 3, new int[][] {{7}, {8}}).windows()).isZero();
  }

  @Test
  void aWindowMayBeLongerThanAnyLane() {
    LaneShard shard = new LaneShard(0, Integer.MAX_VALUE, new int[][] {{1, 2, 3, 4}});

    assertThat(shard.windows()).isEqualTo(1);
    assertThat(shard.window(0).targets()).containsExactly(2, 3, 4);
  }

  @Test
  void windowOfTheWrongNumberOfTokensIsRefused() {
    assertThatThrownBy(() -> new Window(0, 0, 2, 3, new int[6], new int[5]))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessage("A window of 2 lanes and 3 steps needs 6 inputs and targets, has 6 and 5");
  }

  @Property
  void windowsOneAfterTheOtherAreTheLane(
      @ForAll @IntRange(max = 300) int tokens,
      @ForAll @IntRange(min = 1, max = 10) int laneCount,
      @ForAll @IntRange(min = 1, max = 20) int length,
      @ForAll @IntRange(max = 19) int shift,
      @ForAll boolean keepsPartialWindow) {
    TextCut lanes = new TextCut(tokens, laneCount, length, keepsPartialWindow);
    LaneShard shard =
        shard(lanes, 0, laneCount).with(new WindowShift(Math.min(shift, length - 1), tokens));

    assertThat(shard.windows()).isEqualTo(lanes.windows());
    for (int i = 0; i < shard.windows(); i++) {
      assertThat(shard.length(i)).isPositive();
    }
    for (int lane = 0; lane < laneCount; lane++) {
      int first = (int) (lane * lanes.laneLength());
      int end = first + (int) lanes.predictions();
      assertThat(read(shard, lane, false)).isEqualTo(IntStream.range(first, end).toArray());
      assertThat(read(shard, lane, true)).isEqualTo(IntStream.range(first + 1, end + 1).toArray());
    }
  }

  @Test
  void windowsHaveThreeLengthsAndThoseOfAStretchAreThoseOfTheLane() {
    WindowShift shift = new WindowShift(3, 7);
    int[] words = IntStream.rangeClosed(0, 1000).toArray();
    LaneShard lane = new LaneShard(0, 10, new int[][] {words}).with(shift);
    int[] ofStretch = Arrays.copyOfRange(words, 400, 481);
    LaneShard stretch = new LaneShard(0, 40, 10, new int[][] {ofStretch}).with(shift);

    assertThat(IntStream.range(0, 100).mapToObj(lane::length)).contains(7, 10, 13);
    assertThat(IntStream.range(0, 100).mapToObj(lane::length)).containsOnly(7, 10, 13);
    for (int i = 40; i < 48; i++) {
      assertThat(stretch.window(i).inputs()).isEqualTo(lane.window(i).inputs());
      assertThat(stretch.window(i).targets()).isEqualTo(lane.window(i).targets());
    }
    assertThat(lengths(lane)).isNotEqualTo(lengths(lane.with(new WindowShift(3, 8))));
  }

  private static List<Integer> lengths(LaneShard shard) {
    return IntStream.range(0, shard.windows()).mapToObj(shard::length).toList();
  }

  private static int[] read(LaneShard shard, int lane, boolean targets) {
    return IntStream.range(0, shard.windows())
        .mapToObj(shard::window)
        .flatMapToInt(
            window ->
                IntStream.range(0, window.length())
                    .map(t -> t * window.lanes() + lane)
                    .map(i -> targets ? window.targets()[i] : window.inputs()[i]))
        .toArray();
  }

  /** Lanes {@code from} (inclusive) to {@code to} (exclusive) of the text 0, 1, 2, … */
  private static LaneShard shard(TextCut lanes, int from, int to) {
    int[][] tokens = new int[to - from][];
    for (int lane = from; lane < to; lane++) {
      int first = (int) (lane * lanes.laneLength());
      tokens[lane - from] =
          IntStream.rangeClosed(first, first + (int) lanes.predictions()).toArray();
    }
    return new LaneShard(from, lanes.window(), tokens);
  }
}
