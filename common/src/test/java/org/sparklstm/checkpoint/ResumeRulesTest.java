package org.sparklstm.checkpoint;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatCode;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;
import org.sparklstm.config.Scaling;
import org.sparklstm.config.Settings;
import org.sparklstm.config.SettingsLoader;
import org.sparklstm.error.ConfigurationException;

class ResumeRulesTest {

  @ParameterizedTest
  @ValueSource(
      strings = {
        "train.seed=1",
        "train.learning-rate=1",
        "train.epochs=99",
        "train.validate-every=99",
        "checkpoint.every-rounds=7",
        "checkpoint.keep=9",
        "cluster.workers=auto",
        "cluster.workers=2",
      })
  void equalSettingsAndThoseThatDoNotChangeTheResultContinue(String assignment) {
    assertThatCode(() -> ResumeRules.requireSettings(checkpoint(), settings(assignment)))
        .doesNotThrowAnyException();
  }

  @ParameterizedTest(name = "{0}={2}")
  @CsvSource({
    "model.layers, 1, 2",
    "model.hidden-size, 2, 3",
    "model.hidden-size, 2, [3]",
    "model.embedding-size, auto, 3",
    "model.init-scale, 0.1, 0.2",
    "model.keep-probability, 1, 0.5",
    "model.recurrent-keep-probability, 1, 0.5",
    "train.softmax-samples, 0, 500",
    "model.embedding-keep-probability, 1, 0.5",
    "model.input-keep-probability, 1, 0.5",
    "model.output-keep-probability, 1, 0.5",
    "train.weight-decay, 0, 0.1",
    "train.activation-penalty, 0, 2",
    "train.window-shift, 0, 1",
    "train.temporal-activation-penalty, 0, 1",
    "vocabulary.size, 10000, 9999",
    "data.lanes, 2, 4",
    "data.window, 2, 3",
    "train.warm-up-epochs, 0, 0.5",
    "train.full-rate-epochs, 1, 2",
    "train.decay-epochs, 1, 0.5",
    "train.schedule, step, plateau",
    "averaging.outer, nesterov, average",
    "averaging.outer-momentum, auto, 0.5",
    "averaging.outer-rate, 1, 0.5",
    "train.learning-rate, 1, 1.5",
    "train.decay, 0.5, 0.25",
    "train.max-grad-norm, 1, 2",
    "train.seed, 1, 2",
    "averaging.period, 128, 64",
    "averaging.late-period, auto, 64",
    "cluster.workers, 2, 1",
    "model.dropout-mode, per-step, locked",
    "model.tie-embeddings, false, true",
    "engine.name, auto, dl4j",
    "engine.threads, 1, 2",
  })
  void anotherSettingIsNamedWithBothValues(String key, String before, String now) {
    assertThatThrownBy(() -> ResumeRules.requireSettings(checkpoint(), settings(key + "=" + now)))
        .isInstanceOf(ConfigurationException.class)
        .hasMessage(
            "Cannot resume: the checkpoint was written with %s = %s, now it is %s"
                .formatted(key, before, now));
  }

  @Test
  void aCosineStaysAsLongAsItIs() {
    String cosine = "train.schedule=cosine";
    Settings written = SettingsLoader.load("test", null, List.of(cosine, "cluster.workers=2"));
    Settings longer =
        SettingsLoader.load("test", null, List.of(cosine, "cluster.workers=2", "train.epochs=99"));

    assertThatThrownBy(
            () -> ResumeRules.requireSettings(new Run(written, 3, "abc").begin(), longer))
        .isInstanceOf(ConfigurationException.class)
        .hasMessage(
            "Cannot resume: the checkpoint was written with train.epochs = %s, now it is 99"
                .formatted(written.train().epochs()));
  }

  @Test
  void anotherCorpusIsRefused() {
    ResumeRules.requireCorpus(checkpoint(), "abc");

    assertThatThrownBy(() -> ResumeRules.requireCorpus(checkpoint(), "abd"))
        .isInstanceOf(ConfigurationException.class)
        .hasMessage(
            "Cannot resume: the corpus is not the one that the checkpoint was trained on (its lines"
                + " and their digests are abd, not abc)");
  }

  @ParameterizedTest
  @ValueSource(strings = {"averaging.period=auto", "cluster.workers=auto", "engine.name=auto"})
  void whatWasDecidedAtTheStartMayBeAutoAgain(String assignment) {
    assertThatCode(() -> ResumeRules.requireSettings(checkpoint(), settings(assignment)))
        .doesNotThrowAnyException();
  }

  @Test
  void whatWasPlannedAtTheStartStaysWhereTheUserDoesNotSetIt() {
    Settings first = SettingsLoader.load("small", null, List.of("model.hidden-size=2"));
    Settings planned = Scaling.of(first, 929_589, () -> 8).settings();
    Checkpoint checkpoint = new Run(planned, 3, "abc").begin();
    Settings again =
        SettingsLoader.load("small", null, List.of("model.hidden-size=2", "train.epochs=99"));
    Settings other =
        SettingsLoader.load("small", null, List.of("model.hidden-size=2", "data.lanes=20"));

    ResumeRules.requireSettings(checkpoint, first);
    ResumeRules.requireSettings(checkpoint, again);

    assertThat(ResumeRules.continued(checkpoint, first).entries()).isEqualTo(planned.entries());
    assertThat(ResumeRules.continued(checkpoint, again).entries())
        .isEqualTo(planned.with("train.epochs", 99).entries());
    assertThatThrownBy(() -> ResumeRules.requireSettings(checkpoint, other))
        .isInstanceOf(ConfigurationException.class)
        .hasMessage("Cannot resume: the checkpoint was written with data.lanes = 80, now it is 20");
  }

  private static Settings settings(String assignment) {
    return SettingsLoader.load(
        "test", null, List.of("data.lanes=2", "cluster.workers=2", assignment));
  }

  private static Checkpoint checkpoint() {
    return new Run(settings("train.seed=1"), 3, "abc").begin();
  }
}
