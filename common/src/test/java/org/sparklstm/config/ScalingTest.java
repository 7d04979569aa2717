package org.sparklstm.config;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;
import org.sparklstm.error.ConfigurationException;

class ScalingTest {
  private static final long PTB = 929_589;

  private static Scaling scaling(String preset, long tokens, int slots, String... own) {
    return Scaling.of(SettingsLoader.load(preset, null, List.of(own)), tokens, () -> slots);
  }

  private static Settings small(int slots, String... own) {
    return scaling("small", PTB, slots, own).settings();
  }

  @ParameterizedTest
  @ValueSource(
      strings = {"small", "medium", "large", "medium-tied", "medium-awd", "test", "quickstart"})
  void oneWorkerHasThePresetsOwnSettings(String preset) {
    Scaling scaling = scaling(preset, PTB, 1);

    assertThat(scaling.settings().entries())
        .isEqualTo(SettingsLoader.load(preset, null, List.of("cluster.workers=1")).entries());
    assertThat(scaling.reasons()).isEmpty();
  }

  @Test
  void twoWorkersShareTheTutorialsLanesAndStopWhereSmallWouldOverfit() {
    Settings settings = small(2);

    assertThat(settings.cluster().workers()).hasValue(2);
    assertThat(settings.data().lanes()).isEqualTo(20);
    assertThat(settings.plan(10_000, 128).averaging().outer().averages()).isTrue();
    assertThat(settings.averaging().period()).hasValue(128);
    assertThat(settings.train().fullRateEpochs()).isEqualTo(4);
    assertThat(settings.train().epochs()).isEqualTo(5);
    assertThat(settings.train().decayEpochs()).isEqualTo(0.5);
  }

  @Test
  void eightWorkersMakeStepsFourTimesAsLong() {
    Scaling scaling = scaling("small", PTB, 8);
    Settings settings = scaling.settings();

    assertThat(settings.data().lanes()).isEqualTo(80);
    assertThat(settings.plan(10_000, 8).averaging().outer().momentum()).isEqualTo(0.75);
    assertThat(settings.averaging().period()).hasValue(16);
    assertThat(settings.averaging().latePeriod()).hasValue(64);
    assertThat(settings.train().fullRateEpochs()).isEqualTo(5);
    assertThat(settings.train().epochs()).isEqualTo(6);
    assertThat(scaling.reasons())
        .containsExactly(
            "Plan: 8 workers share 80 lanes: 581 windows an epoch, one worker has 2,324",
            "Steps: 4.0 times as long by outer momentum; workers average every 16 windows, and"
                + " every 64 once the rate falls",
            "Schedule: 6 epochs, 5 of them at the full rate; falls fast, because without dropout"
                + " longer training would overfit");
  }

  @ParameterizedTest
  @CsvSource({"3, 30", "4, 40", "9, 90", "12, 96", "16, 96", "19, 95"})
  void workersGetTenLanesEachWhileTheGainCanUseThemAndFewerBeyond(int slots, int lanes) {
    Settings settings = small(slots);

    assertThat(settings.cluster().workers()).hasValue(slots);
    assertThat(settings.data().lanes()).isEqualTo(lanes);
  }

  @ParameterizedTest
  @CsvSource({"2, 128", "3, 32", "4, 32", "5, 16", "8, 16", "16, 16"})
  void theLongerTheStepsTheShorterTheRounds(int slots, int period) {
    assertThat(small(slots).averaging().period()).hasValue(period);
  }

  @Test
  void aPresetWhoseRateNeverFallsKeepsItsEpochs() {
    assertThat(scaling("test", PTB, 8).settings().train().epochs()).isEqualTo(1);
    Scaling scaling = scaling("medium-awd", PTB, 2);
    assertThat(scaling.settings().train().movingAverageEpochs()).isEqualTo(2);
    assertThat(scaling.reasons().get(2))
        .isEqualTo(
            "Schedule: 34 epochs, 34 of them at the full rate; never falls, as the preset says");
  }

  @Test
  void moreWorkersThanATextCanUseStayIdleAndThePlanSaysSo() {
    Scaling scaling = scaling("small", PTB, 64);

    assertThat(scaling.settings().cluster().workers()).hasValue(19);
    assertThat(scaling.reasons().get(0))
        .endsWith("; more workers would not help a text of this length");
    assertThat(scaling("small", 100 * PTB, 64).settings().cluster().workers()).hasValue(64);
    assertThat(scaling("small", 100 * PTB, 64).settings().data().lanes()).isEqualTo(640);
  }

  @Test
  void workersThatTheUserAsksForAreKeptAndTheFullRateLastsLonger() {
    Settings settings = small(1, "cluster.workers=32");

    assertThat(settings.cluster().workers()).hasValue(32);
    assertThat(settings.data().lanes()).isEqualTo(160);
    double momentum = settings.plan(10_000, 8).averaging().outer().momentum();
    assertThat(1 / (1 - momentum)).isBetween(4.8, 4.9);
    assertThat(settings.train().fullRateEpochs()).isEqualTo(8); // 4 · 8 / 4.8 + 1
  }

  @Test
  void aNetworkWithDropoutTrainsAtTheFullRateAndTheModelIsAMovingAverage() {
    Scaling scaling = scaling("medium", PTB, 2);
    Settings settings = scaling.settings();

    assertThat(settings.data().lanes()).isEqualTo(20);
    assertThat(settings.averaging().period()).hasValue(32);
    assertThat(settings.train().epochs()).isEqualTo(20);
    assertThat(settings.train().fullRateEpochs()).isEqualTo(20);
    assertThat(settings.train().movingAverageEpochs()).isEqualTo(2);
    assertThat(scaling.reasons().get(2))
        .isEqualTo(
            "Schedule: 20 epochs, 20 of them at the full rate; never falls, because the model is a"
                + " moving average");
    Settings eight = scaling("medium", PTB, 8).settings();
    assertThat(eight.data().lanes()).isEqualTo(80);
    assertThat(eight.train().epochs()).isEqualTo(21);
    assertThat(scaling("large", PTB, 2).settings().train().epochs()).isEqualTo(28);
    assertThat(scaling("medium-tied", PTB, 2).settings().train().epochs()).isEqualTo(26);
    for (String other : List.of("input", "output", "recurrent", "embedding")) {
      String[] only = {"model.keep-probability=1", "model." + other + "-keep-probability=0.5"};
      assertThat(scaling("medium", PTB, 2, only).settings().train().epochs()).isEqualTo(20);
    }
    String samples = "train.softmax-samples=1000";
    assertThat(scaling("small", PTB, 2, samples).settings().train().epochs()).isEqualTo(5);
  }

  @Test
  void withoutAMovingAverageANetworkWithDropoutKeepsThePresetsEpochs() {
    String none = "train.moving-average-epochs=0";
    Settings settings = scaling("medium", PTB, 8, none).settings();

    assertThat(settings.train().epochs()).isEqualTo(40);
    assertThat(settings.train().fullRateEpochs()).isEqualTo(7);
    assertThat(settings.train().decayEpochs()).isEqualTo(1);
    assertThat(settings.train().movingAverageEpochs()).isZero();
    assertThat(scaling("medium", PTB, 2, none).settings().train().epochs()).isEqualTo(39);
    Settings longer = scaling("medium", PTB, 2, "train.moving-average-epochs=3").settings();
    assertThat(longer.train().movingAverageEpochs()).isEqualTo(3);
    assertThat(longer.train().epochs()).isEqualTo(20);
  }

  @Test
  void aShortTextHasFewWorkersAndNoOuterStep() {
    Settings settings = scaling("quickstart", 100_000, 16).settings();

    assertThat(settings.cluster().workers()).hasValue(4);
    assertThat(settings.data().lanes()).isEqualTo(20);
    assertThat(settings.averaging().period()).hasValue(64);
    assertThat(settings.train().epochs()).isEqualTo(3);
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "data.lanes=64",
        "train.epochs=9",
        "train.full-rate-epochs=3",
        "train.decay-epochs=2",
        "train.decay=0.7",
        "averaging.period=4",
        "averaging.period=auto",
        "averaging.late-period=16",
        "averaging.outer-momentum=0.5",
        "averaging.outer=average",
        "averaging.outer-rate=0.5"
      })
  void whatTheUserSetsStays(String assignment) {
    String key = assignment.substring(0, assignment.indexOf('='));
    String value = assignment.substring(assignment.indexOf('=') + 1);

    assertThat(small(8, assignment).entries()).containsEntry(key, value);
  }

  @Test
  void thePlanFollowsAMomentumOfTheUsers() {
    Scaling scaling = scaling("small", PTB, 2, "averaging.outer-momentum=0.75");

    assertThat(scaling.settings().averaging().period()).hasValue(16);
    assertThat(scaling.settings().train().fullRateEpochs()).isEqualTo(5);
    assertThat(scaling.reasons().get(1)).startsWith("Steps: 4.0 times as long by outer momentum; ");
  }

  @Test
  void aScheduleOfTheUsersIsNotMixedWithOurs() {
    Settings settings = small(8, "train.epochs=9");

    assertThat(settings.train().fullRateEpochs()).isEqualTo(4);
    assertThat(settings.train().decayEpochs()).isEqualTo(1);
  }

  @Test
  void lanesMayBeGivenForEachWorker() {
    Settings settings = small(8, "data.lanes-per-worker=20");

    assertThat(settings.data().lanes()).isEqualTo(160);
    assertThat(small(1, "data.lanes-per-worker=7").data().lanes()).isEqualTo(7);
    assertThat(small(64, "data.lanes-per-worker=3").cluster().workers()).hasValue(64);
  }

  @Test
  void lanesInAllAndLanesOfEachAreNotBothSet() {
    assertThatThrownBy(() -> small(8, "data.lanes=64", "data.lanes-per-worker=20"))
        .isInstanceOf(ConfigurationException.class)
        .hasMessage(
            "--set data.lanes-per-worker=20: 1: data.lanes-per-worker must be auto where data.lanes"
                + " is set, is 20");
    assertThat(
            small(1, "data.lanes=60", "data.lanes-per-worker=20", "cluster.workers=3")
                .data()
                .lanes())
        .isEqualTo(60);
  }

  @Test
  void synchronousSgdIsLeftAlone() {
    Settings settings = small(4, "averaging.clip=averaged", "averaging.period=1");

    assertThat(settings.cluster().workers()).hasValue(4);
    assertThat(settings.data().lanes()).isEqualTo(20);
    assertThat(settings.train().epochs()).isEqualTo(13);
    String[] own = {"averaging.clip=averaged", "averaging.period=1"};
    assertThat(scaling("small", 1000 * PTB, 64, own).settings().cluster().workers()).hasValue(20);
  }

  @Test
  void settingsOfAPlanAreValidAndReadBack() {
    List<String> failures = new ArrayList<>();
    for (String preset : SettingsLoader.presets()) {
      for (int slots : new int[] {1, 2, 3, 7, 64, 1000}) {
        for (long tokens : new long[] {1, 1000, 1_000_000, 1_000_000_000_000L}) {
          Settings settings = scaling(preset, tokens, slots).settings();
          if (!SettingsLoader.parse(settings.json(), "plan").entries().equals(settings.entries())
              || settings.data().lanes() < settings.cluster().workers().orElseThrow()) {
            failures.add(preset + " " + slots + " " + tokens);
          }
        }
      }
    }
    assertThat(failures).isEmpty();
  }
}
