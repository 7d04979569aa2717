package org.sparklstm.train;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.sparklstm.config.SettingsLoader;
import org.sparklstm.engine.EngineChoice;
import org.sparklstm.engine.Regularisation;
import org.sparklstm.engine.Sgd;
import org.sparklstm.model.LstmShape;

class TrainingPlanTest {

  @Test
  void windowsOfSeveralLengthsComeOnlyIfTheirBeginningsMove() {
    TrainingPlan plan =
        SettingsLoader.load("small", null, List.of("train.window-shift=3")).plan(5, 1);

    assertThat(plan(1, 1, 1).windowLengths(20)).containsExactly(20);
    assertThat(plan.windowLengths(20)).containsExactly(23, 20, 17);
    assertThat(plan.windowShift(0)).isNotEqualTo(plan.windowShift(1));
  }

  private static TrainingPlan plan(double fullRateEpochs, int period, int latePeriod) {
    return new TrainingPlan(
        new LstmShape(5, 3, 1),
        new Schedule(Schedule.Fall.STEP, 3, 0, fullRateEpochs, 1, 0.5, 0.5, 0),
        new Sgd(5),
        Regularisation.NONE,
        0,
        new AveragingPlan(
            period,
            latePeriod,
            new WorkerUpdate.Parameters(),
            Combine.DRIVER,
            OuterOptimiser.AVERAGE),
        MovingAverage.NONE,
        EngineChoice.of("onednn"),
        1);
  }

  /** The first windows of all rounds of an epoch of 11 windows, and its end. */
  private static int[] firstWindows(TrainingPlan plan, int epoch) {
    return IntStream.rangeClosed(0, plan.rounds(epoch, 11))
        .map(round -> plan.firstWindow(epoch, round, 11))
        .toArray();
  }

  @Test
  void anEpochsLastRoundMayBeShorter() {
    assertThat(firstWindows(plan(1, 4, 4), 0)).containsExactly(0, 4, 8, 11);
    assertThat(firstWindows(plan(1, 4, 4), 2)).containsExactly(0, 4, 8, 11);
    assertThat(firstWindows(plan(1, 11, 11), 0)).containsExactly(0, 11);
    assertThat(firstWindows(plan(0, 1, Integer.MAX_VALUE), 0)).containsExactly(0, 11);
  }

  @Test
  void theLatePeriodBeginsWhereTheRateFallsForTheFirstTime() {
    TrainingPlan plan = plan(1.5, 2, 4);

    assertThat(firstWindows(plan, 0)).containsExactly(0, 2, 4, 6, 8, 10, 11);
    assertThat(firstWindows(plan, 1)).containsExactly(0, 2, 4, 6, 10, 11);
    assertThat(firstWindows(plan, 2)).containsExactly(0, 4, 8, 11);
    assertThat(plan.schedule().rate(1, 5, 11)).isEqualTo(1);
    assertThat(plan.schedule().rate(1, 6, 11)).isEqualTo(0.5);
    assertThat(plan.schedule().rate(2, 0, 11)).isEqualTo(0.25);
  }
}
