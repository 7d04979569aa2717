package org.sparklstm.train;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

class ScheduleTest {

  @Test
  void smallRunsFourEpochsAtTheFullRateThenHalves() {
    assertThat(rates(8, Schedule.byEpochs(13, 4, 1, 0.5)))
        .containsExactly(1, 1, 1, 1, 0.5, 0.25, 0.125, 0.0625);
  }

  @Test
  void largeRunsFourteenEpochsAtTheFullRateThenDividesBy1Point15() {
    double[] rates = rates(16, Schedule.byEpochs(55, 14, 1, 1 / 1.15));

    assertThat(rates[13]).isEqualTo(1);
    assertThat(rates[14]).isCloseTo(1 / 1.15, within(1e-12));
    assertThat(rates[15]).isCloseTo(1 / 1.15 / 1.15, within(1e-12));
  }

  @Test
  void withoutFullRateEpochsTheFirstEpochDecays() {
    assertThat(rates(2, Schedule.byEpochs(13, 0, 1, 0.5))).containsExactly(0.5, 0.25);
  }

  @Test
  void theScheduleStartsAtTheLearningRate() {
    assertThat(rates(5, Schedule.byEpochs(13, 4, 20, 0.5))).containsExactly(20, 20, 20, 20, 10);
  }

  @Test
  void aRateThatWouldStopOrReverseTrainingIsRefused() {
    for (double rate : new double[] {0, -1, Double.NaN, Double.POSITIVE_INFINITY}) {
      assertThatThrownBy(() -> Schedule.byEpochs(1, 1, rate, 1))
          .isInstanceOf(IllegalArgumentException.class)
          .hasMessage("The learning rate must be greater than 0, is " + rate);
    }
  }

  @Test
  void theRateMayFallWithinAnEpoch() {
    Schedule schedule = new Schedule(3, 0, 1.5, 2, 0.5, 0.25);

    assertThat(IntStream.range(0, 12).mapToDouble(i -> schedule.rate(i / 4, i % 4, 4)))
        .containsExactly(2.0, 2.0, 2.0, 2.0, 2.0, 2.0, 1.0, 0.5, 0.25, 0.125, 0.0625, 0.03125);
  }

  @Test
  void theRateRisesInEqualStepsToTheFullRate() {
    Schedule schedule = new Schedule(3, 1.5, 2, 3, 0.5, 1);

    assertThat(IntStream.range(0, 6).mapToDouble(i -> schedule.rate(i / 2, i % 2, 2)))
        .containsExactly(1.0, 2.0, 3.0, 3.0, 1.5, 1.5);
    assertThat(schedule.rate(0)).isEqualTo(3); // what the epoch aims at
  }

  @Test
  void anEpochOfTheTutorialHasOneRateInAllItsWindows() {
    Schedule schedule = Schedule.byEpochs(13, 4, 1, 0.5);

    for (int epoch = 0; epoch < 13; epoch++) {
      assertThat(schedule.rate(epoch, 2322, 2323)).isEqualTo(schedule.rate(epoch));
    }
  }

  @Test
  void fallsThatNeverEndAreRefused() {
    assertThatThrownBy(() -> new Schedule(1, 0, 1, 1, 0.5, 0))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessage("Epochs between two falls must be more than 0, are 0.0");
  }

  private static double[] rates(int epochs, Schedule schedule) {
    return IntStream.range(0, epochs).mapToDouble(schedule::rate).toArray();
  }
}
