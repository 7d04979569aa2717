package org.sparklstm.config;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;
import static org.junit.jupiter.params.provider.Arguments.arguments;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Collections;
import java.util.List;
import java.util.OptionalDouble;
import java.util.OptionalInt;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;
import org.sparklstm.config.Settings.Clip;
import org.sparklstm.config.Settings.Outer;
import org.sparklstm.engine.Dropout;
import org.sparklstm.engine.Dropout.Mode;
import org.sparklstm.engine.EngineChoice;
import org.sparklstm.engine.Regularisation;
import org.sparklstm.engine.Sgd;
import org.sparklstm.error.ConfigurationException;
import org.sparklstm.model.LstmShape;
import org.sparklstm.text.Normalization;
import org.sparklstm.train.AveragingPlan;
import org.sparklstm.train.Combine;
import org.sparklstm.train.Compression;
import org.sparklstm.train.MovingAverage;
import org.sparklstm.train.OuterOptimiser;
import org.sparklstm.train.Schedule;
import org.sparklstm.train.TrainingPlan;
import org.sparklstm.train.WorkerUpdate;

class SettingsTest {

  static Stream<Arguments> recipes() {
    return Stream.of(
        arguments("small", model(2, 200, 0.1f, 1f), 20, 13, 4, 0.5, 5),
        arguments("medium", model(2, 650, 0.05f, 0.5f), 35, 39, 6, 0.8, 5),
        arguments("large", model(2, 1500, 0.04f, 0.35f), 35, 55, 14, 1 / 1.15, 10),
        arguments("test", model(1, 2, 0.1f, 1f), 2, 1, 1, 0.5, 1));
  }

  private static Settings.Model model(int layers, int hidden, float scale, float keep) {
    return new Settings.Model(
        hidden,
        Collections.nCopies(layers, hidden),
        scale,
        new Dropout(keep, Mode.PER_STEP),
        false);
  }

  @ParameterizedTest(name = "{0}")
  @MethodSource("recipes")
  void presetHasTheValuesOfItsRecipe(
      String preset,
      Settings.Model model,
      int window,
      int epochs,
      int fullRateEpochs,
      double decay,
      double maxGradNorm) {
    Settings settings = SettingsLoader.load(preset, null, List.of());

    assertThat(settings.model()).isEqualTo(model);
    assertThat(settings.data())
        .isEqualTo(new Settings.Data(20, OptionalInt.empty(), window, Normalization.NONE));
    assertThat(settings.vocabulary().size()).isEqualTo(10_000);
    assertThat(settings.train().epochs()).isEqualTo(epochs);
    assertThat(settings.train().fullRateEpochs()).isEqualTo(fullRateEpochs);
    assertThat(settings.train().learningRate()).isEqualTo(1);
    assertThat(settings.train().decay()).isCloseTo(decay, within(1e-15));
    assertThat(settings.train().maxGradNorm()).isEqualTo(maxGradNorm);
  }

  @ParameterizedTest
  @MethodSource("org.sparklstm.config.SettingsLoader#presets")
  void everyPresetSaysWhatItIsFor(String preset) {
    assertThat(SettingsLoader.description(preset)).matches("[A-Z].*[a-zA-Z0-9)]\\.");
  }

  @ParameterizedTest
  @MethodSource("org.sparklstm.config.SettingsLoader#presets")
  void everyPresetSetsEveryKey(String preset) {
    assertThat(SettingsLoader.load(preset, null, List.of()).entries()).hasSize(53);
  }

  @Test
  void dropoutIsTheSameInAllPlacesUnlessToldOtherwise() {
    assertThat(small("model.keep-probability=0.7").model().dropout())
        .isEqualTo(new Dropout(0.7f, Mode.PER_STEP));
    assertThat(
            small(
                    "model.input-keep-probability=0.6",
                    "model.keep-probability=0.7",
                    "model.output-keep-probability=0.8")
                .model()
                .dropout())
        .isEqualTo(new Dropout(0.6f, 0.7f, 0.8f, Mode.PER_STEP, 1, 1));
  }

  @Test
  void placesOfDropoutFollowAfterTheSettingsWereWrittenToo(@TempDir Path directory)
      throws IOException {
    Path file = directory.resolve("config.conf");
    Files.writeString(
        file, small("model.keep-probability=0.7", "model.output-keep-probability=0.8").render());

    Settings read = SettingsLoader.load("small", file, List.of("model.keep-probability=0.6"));

    assertThat(read.model().dropout())
        .isEqualTo(new Dropout(0.6f, 0.6f, 0.8f, Mode.PER_STEP, 1, 1));
  }

  @Test
  void theLastOfTwoAssignmentsWins() {
    assertThat(small("train.seed=1", "train.seed=2").train().seed()).isEqualTo(2);
  }

  @Test
  void wholeNumbersMayBeWrittenWithAFractionOfZero() {
    assertThat(small("train.epochs=5.0").train().epochs()).isEqualTo(5);
    assertThat(small("vocabulary.size=1e4").vocabulary().size()).isEqualTo(10_000);
  }

  @Test
  void seedKeepsAll64Bits() {
    assertThat(small("train.seed=9223372036854775807").train().seed()).isEqualTo(Long.MAX_VALUE);
    assertThat(small("train.seed=-9007199254740993").train().seed()).isEqualTo(-9007199254740993L);
  }

  @Test
  void workersAreAutoOrANumber() {
    assertThat(small().cluster().workers()).isEmpty();
    assertThat(small("cluster.workers=auto").cluster().workers()).isEmpty();
    assertThat(small("cluster.workers=4").cluster().workers()).hasValue(4);
  }

  @Test
  void theRoundTimeoutIsADuration() {
    assertThat(small().cluster().roundTimeout()).hasMinutes(60);
    assertThat(small("cluster.round-timeout=90 seconds").cluster().roundTimeout()).hasSeconds(90);
    for (String wrong : List.of("0 seconds", "soon", "[1]", "3 parsecs")) {
      assertThatThrownBy(() -> small("cluster.round-timeout=" + wrong))
          .isInstanceOf(ConfigurationException.class)
          .hasMessageContaining(
              "cluster.round-timeout must be at least 1 second, such as 90 seconds or 2 hours, is ");
    }
  }

  @Test
  void workersClipAloneAndSendAllUnlessToldOtherwise() {
    assertThat(small().averaging())
        .isEqualTo(
            new Settings.Averaging(
                OptionalInt.of(128),
                OptionalInt.empty(),
                Outer.NESTEROV,
                OptionalDouble.empty(),
                1,
                Clip.LOCAL,
                Combine.AUTO,
                Compression.NONE));
    assertThat(
            small(
                    "averaging.period=1",
                    "averaging.late-period=1",
                    "averaging.outer=average",
                    "averaging.outer-momentum=0.5",
                    "averaging.outer-rate=0.75",
                    "averaging.clip=averaged",
                    "averaging.combine=sharded",
                    "averaging.compression=bfloat16")
                .averaging())
        .isEqualTo(
            new Settings.Averaging(
                OptionalInt.of(1),
                OptionalInt.of(1),
                Outer.AVERAGE,
                OptionalDouble.of(0.5),
                0.75,
                Clip.AVERAGED,
                Combine.SHARDED,
                Compression.BFLOAT16));
  }

  @Test
  void aModelIsReadWithoutTheEngineThatTrainedIt() {
    String written = small("engine.name=onednn", "engine.threads=2").render();

    Settings here = SettingsLoader.parseFile(written, "here");
    Settings elsewhere = SettingsLoader.parseFile(written.replace("onednn", "abacus"), "there");

    assertThat(here.engine().name()).isEqualTo("onednn");
    assertThat(elsewhere.engine()).isEqualTo(here.engine().named("auto"));
  }

  @Test
  void thePlanHasTheNetworkAndTheRulesOfTheSettings() {
    TrainingPlan plan =
        SettingsLoader.load("medium", null, List.of("engine.name=dl4j", "train.seed=3"))
            .plan(77, 64);

    assertThat(plan)
        .isEqualTo(
            new TrainingPlan(
                new LstmShape(77, 650, 2),
                Schedule.byEpochs(39, 6, 1, 0.8),
                new Sgd(5),
                new Regularisation(new Dropout(0.5f, Mode.PER_STEP)),
                0,
                new AveragingPlan(
                    64, 64, new WorkerUpdate.Parameters(), Combine.AUTO, OuterOptimiser.AVERAGE),
                MovingAverage.NONE,
                EngineChoice.of("dl4j"),
                3));
  }

  @ParameterizedTest(name = "clip {0}, compression {1}")
  @MethodSource("updates")
  void whatWorkersSendFollowsFromClipAndCompression(
      String clip, String compression, WorkerUpdate update) {
    Settings settings =
        small(
            "averaging.period=1", "averaging.clip=" + clip, "averaging.compression=" + compression);

    assertThat(settings.plan(9, 1).averaging().update()).isEqualTo(update);
  }

  static Stream<Arguments> updates() {
    return Stream.of(
        arguments("local", "none", new WorkerUpdate.Parameters()),
        arguments("local", "bfloat16", new WorkerUpdate.Change(Compression.BFLOAT16)),
        arguments("averaged", "none", new WorkerUpdate.Gradient(Compression.NONE)),
        arguments("averaged", "bfloat16", new WorkerUpdate.Gradient(Compression.BFLOAT16)));
  }

  @ParameterizedTest
  @MethodSource("org.sparklstm.config.SettingsLoader#presets")
  void writtenSettingsReadBackEqual(String preset) {
    Settings settings =
        SettingsLoader.load(
            preset, null, List.of("train.seed=-5", "cluster.workers=3", "train.decay=1e-7"));

    Settings again = SettingsLoader.parse(settings.json(), "checkpoint");

    assertThat(again.entries()).isEqualTo(settings.entries());
    assertThat(again.train()).isEqualTo(settings.train());
  }

  @ParameterizedTest
  @ValueSource(
      strings = {"include \"/dev/null\"", "{\"train\": {\"seed\": ${?HOME}}}", "train.seed = 1"})
  void writtenSettingsAreJsonThatReachesForNothing(String text) {
    assertThatThrownBy(() -> SettingsLoader.parse(text, "checkpoint"))
        .isInstanceOf(ConfigurationException.class)
        .hasMessageStartingWith("checkpoint: 1: ");
  }

  @Test
  void entriesOfEqualNumbersAreEqual() {
    assertThat(small("train.max-grad-norm=5").entries())
        .isEqualTo(small("train.max-grad-norm=5.0").entries())
        .isEqualTo(small("train.max-grad-norm=0.5e1").entries())
        .isNotEqualTo(small("train.max-grad-norm=5.1").entries())
        .containsEntry("train.max-grad-norm", "5")
        .containsEntry("vocabulary.size", "10000")
        .containsEntry("averaging.clip", "local");
  }

  @Test
  void withReplacesOneKeyAndLeavesTheOriginal() {
    Settings settings = small();

    assertThat(settings.with("cluster.workers", 4).cluster().workers()).hasValue(4);
    assertThat(settings.cluster().workers()).isEmpty();
  }

  @Test
  void withValidates() {
    Settings settings = small();

    assertThatThrownBy(() -> settings.with("cluster.workers", 0))
        .isInstanceOf(ConfigurationException.class)
        .hasMessage("resolved when training started: cluster.workers must be at least 1, is 0");
  }

  @Test
  void withRefusesAnUnknownKey() {
    Settings settings = small();

    assertThatThrownBy(() -> settings.with("cluster.worker", 4))
        .isInstanceOf(ConfigurationException.class)
        .hasMessage(
            "resolved when training started: unknown key cluster.worker, did you mean"
                + " cluster.workers?");
  }

  private static Settings small(String... assignments) {
    return SettingsLoader.load("small", null, List.of(assignments));
  }
}
