package org.sparklstm.train;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

class ScheduleTest {

  @Test
  void smallRunsFourEpochsAtTheFullRateThenHalves() {
    assertThat(rates(8, new Schedule(13, 4, 1, 0.5)))
        .containsExactly(1, 1, 1, 1, 0.5, 0.25, 0.125, 0.0625);
  }

  @Test
  void largeRunsFourteenEpochsAtTheFullRateThenDividesBy1Point15() {
    double[] rates = rates(16, new Schedule(55, 14, 1, 1 / 1.15));

    assertThat(rates[13]).isEqualTo(1);
    assertThat(rates[14]).isCloseTo(1 / 1.15, within(1e-12));
    assertThat(rates[15]).isCloseTo(1 / 1.15 / 1.15, within(1e-12));
  }

  @Test
  void withoutFullRateEpochsTheFirstEpochDecays() {
    assertThat(rates(2, new Schedule(13, 0, 1, 0.5))).containsExactly(0.5, 0.25);
  }

  @Test
  void theScheduleStartsAtTheLearningRate() {
    assertThat(rates(5, new Schedule(13, 4, 20, 0.5))).containsExactly(20, 20, 20, 20, 10);
  }

  @Test
  void aRateThatWouldStopOrReverseTrainingIsRefused() {
    for (double rate : new double[] {0, -1, Double.NaN, Double.POSITIVE_INFINITY}) {
      assertThatThrownBy(() -> new Schedule(1, 1, rate, 1))
          .isInstanceOf(IllegalArgumentException.class)
          .hasMessage("The learning rate must be greater than 0, is " + rate);
    }
  }

  private static double[] rates(int epochs, Schedule schedule) {
    return IntStream.range(0, epochs).mapToDouble(schedule::rate).toArray();
  }
}
