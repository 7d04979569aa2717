package org.sparklstm.train;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.sparklstm.train.Schedule.Fall;

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
    Schedule schedule = new Schedule(Fall.STEP, 3, 0, 1.5, 2, 0.5, 0.25, 0);

    assertThat(IntStream.range(0, 12).mapToDouble(i -> schedule.rate(i / 4, i % 4, 4)))
        .containsExactly(2.0, 2.0, 2.0, 2.0, 2.0, 2.0, 1.0, 0.5, 0.25, 0.125, 0.0625, 0.03125);
  }

  @Test
  void theRateRisesInEqualStepsToTheFullRate() {
    Schedule schedule = new Schedule(Fall.STEP, 3, 1.5, 2, 3, 0.5, 1, 0);

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
    assertThatThrownBy(() -> new Schedule(Fall.STEP, 1, 0, 1, 1, 0.5, 0, 0))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessage("Epochs between two falls must be more than 0, are 0.0");
  }

  /** cos 60° = 1/2, cos 120° = −1/2. */
  @Test
  void aCosineFallsToZeroAtTheEnd() {
    Schedule schedule = new Schedule(Fall.COSINE, 3, 0, 1.5, 4, 0.5, 1, 0);
    double[] rates =
        IntStream.range(0, 6).mapToDouble(i -> schedule.rate(i / 2, i % 2, 2)).toArray();

    assertThat(rates).containsExactly(new double[] {4, 4, 4, 4, 3, 1}, within(1e-12));
    assertThat(schedule.rate(2, 999_999, 1_000_000)).isCloseTo(0, within(1e-11)).isPositive();
    assertThat(schedule.rate(3)).isCloseTo(0, within(1e-15)); // where no epoch is left
    assertThat(rates(2, new Schedule(Fall.COSINE, 2, 0, 2, 4, 0.5, 1, 0))).containsExactly(4, 4);
  }

  @Test
  void aPlateausRateFallsByValidationOnly() {
    Schedule schedule = new Schedule(Fall.PLATEAU, 9, 0, 3, 4, 0.5, 2, 0);

    assertThat(rates(9, schedule)).containsOnly(4);
    assertThat(rates(9, schedule.after(3))).containsOnly(0.5);
    assertThat(schedule.fullRateWindows(8, 5)).isEqualTo(5);
    assertThat(schedule.after(1).fullRateWindows(8, 5)).isZero();
  }

  @Test
  void aPlateauIsSoManyEpochsWithoutABetterOne() {
    Schedule schedule = new Schedule(Fall.PLATEAU, 9, 0, 3, 4, 0.5, 2, 1);

    assertThat(IntStream.rangeClosed(2, 6).map(epoch -> schedule.plateausAfter(epoch, 2)))
        .containsExactly(1, 1, 2, 1, 2);
    assertThat(schedule.plateausAfter(1, -1)).as("full rate until epoch 3").isEqualTo(1);
    assertThat(Schedule.byEpochs(9, 0, 1, 0.5).plateausAfter(5, 1)).isZero();
  }

  @Test
  void partsOfAnEpochAreNoPlateau() {
    assertThatThrownBy(() -> new Schedule(Fall.PLATEAU, 1, 0, 1, 1, 0.5, 0.5, 0))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessage("Epochs of a plateau must be a whole number, are 0.5");
  }

  private static double[] rates(int epochs, Schedule schedule) {
    return IntStream.range(0, epochs).mapToDouble(schedule::rate).toArray();
  }
}
