package org.sparklstm.text;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.stream.LongStream;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.IntRange;
import net.jqwik.api.constraints.LongRange;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class TextCutTest {
  private static final long PTB_TRAIN = 929_589;
  private static final long PTB_TEST = 82_430;

  @ParameterizedTest(name = "T={0}")
  @CsvSource({"20, 2323", "35, 1327"})
  void ptbTrainingTextHasTheTutorialsNumberOfWindows(int window, int windows) {
    TextCut lanes = new TextCut(PTB_TRAIN, 20, window, false);

    assertThat(lanes.laneLength()).isEqualTo(46_479);
    assertThat(lanes.windows()).isEqualTo(windows);
    assertThat(lanes.predictions()).isEqualTo((long) windows * window);
    assertThat(lanes.windowLength(windows - 1)).isEqualTo(window);
  }

  @Test
  void evaluationPredictsEveryTokenOfThePtbTestTextButTheFirst() {
    TextCut lanes = new TextCut(PTB_TEST, 1, 20, true);

    assertThat(lanes.predictions()).isEqualTo(82_429);
    assertThat(lanes.windows()).isEqualTo(4_122);
    assertThat(lanes.windowLength(4_120)).isEqualTo(20);
    assertThat(lanes.windowLength(4_121)).isEqualTo(9);
  }

  @Test
  void theLastTokenOfALaneIsOnlyATarget() {
    assertThat(new TextCut(40, 2, 19, false).windows()).isEqualTo(1);
    assertThat(new TextCut(40, 2, 20, false).windows()).isZero();
  }

  @Test
  void tokensThatDoNotFillALaneAreDropped() {
    assertThat(new TextCut(23, 4, 2, true).laneLength()).isEqualTo(5);
  }

  @ParameterizedTest(name = "{0} tokens in 3 lanes")
  @CsvSource({"0", "2", "3", "5"})
  void aTextTooShortForOnePredictionALaneHasNoWindow(long tokens) {
    assertThat(new TextCut(tokens, 3, 4, true).windows()).isZero();
    assertThat(new TextCut(tokens, 3, 4, true).predictions()).isZero();
  }

  @Test
  void aTextOfMoreThanTwoBillionTokensIsCounted() {
    TextCut lanes = new TextCut(60_000_000_000L, 20, 20, false);

    assertThat(lanes.laneLength()).isEqualTo(3_000_000_000L);
    assertThat(lanes.windows()).isEqualTo(149_999_999);
  }

  @Property
  void windowLengthsAddUpToThePredictions(
      @ForAll @LongRange(max = 10_000) long tokens,
      @ForAll @IntRange(min = 1, max = 40) int laneCount,
      @ForAll @IntRange(min = 1, max = 50) int window,
      @ForAll boolean keepPartialWindow) {
    TextCut lanes = new TextCut(tokens, laneCount, window, keepPartialWindow);

    assertThat(LongStream.range(0, lanes.windows()).map(lanes::windowLength).sum())
        .isEqualTo(lanes.predictions());
    assertThat(lanes.predictions()).isLessThanOrEqualTo(Math.max(0, lanes.laneLength() - 1));
    for (int index = 0; index < lanes.windows(); index++) {
      assertThat(lanes.windowLength(index)).isBetween(keepPartialWindow ? 1 : window, window);
    }
  }
}
