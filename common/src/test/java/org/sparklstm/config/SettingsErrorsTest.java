package org.sparklstm.config;

import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;
import org.sparklstm.error.ConfigurationException;

class SettingsErrorsTest {

  @ParameterizedTest(name = "{0}={1}")
  @CsvSource({
    "model.layers, 0, at least 1",
    "model.hidden-size, -1, at least 1",
    "model.embedding-size, 0, at least 1",
    "model.embedding-size, small, a number",
    "model.hidden-size, [2], 'one number, or a list of as many as model.layers, 2'",
    "model.hidden-size, '[2, 0]', at least 1",
    "model.hidden-size, '[2, 0.5]', a whole number",
    "model.hidden-size, '[2, 3, 4]', 'one number, or a list of as many as model.layers, 2'",
    "model.hidden-size, '[2, small]', a number",
    "vocabulary.size, 1, at least 2",
    "data.lanes, 0, at least 1",
    "data.window, -20, at least 1",
    "train.epochs, 0, at least 1",
    "train.full-rate-epochs, -1, at least 0",
    "averaging.period, 0, at least 1",
    "averaging.period, often, a number",
    "model.dropout-mode, never, per-step or locked",
    "model.tie-embeddings, maybe, false or true",
    "engine.name, cuda, auto or onednn or dl4j",
    "engine.threads, 0, at least 1",
    "cluster.workers, 0, at least 1",
    "checkpoint.every-rounds, -1, at least 0",
    "train.validate-every, -1, at least 0",
    "train.validate-every, 0.5, a whole number",
    "checkpoint.keep, 0, at least 1",
    "model.hidden-size, 2147483648, at most 2147483647",
    "data.lanes, 1.0E30, at most 2147483647",
    "train.epochs, 1.5, a whole number",
    "train.seed, 0.1, a whole number",
    "train.epochs, NaN, a number",
    "train.epochs, Infinity, a number",
    "train.epochs, many, a number",
    "cluster.workers, all, a number",
    "train.learning-rate, fast, a number",
    "train.learning-rate, true, a number",
    "train.learning-rate, 0, greater than 0",
    "train.learning-rate, -1, greater than 0",
    "train.learning-rate, NaN, a number",
    "train.max-grad-norm, Infinity, a number",
    "train.max-grad-norm, -Infinity, a number",
    "train.max-grad-norm, 0, greater than 0",
    "model.init-scale, 0, greater than 0",
    "train.decay, 0, 'in (0, 1]'",
    "train.decay, 1.1, 'in (0, 1]'",
    "train.schedule, linear, step or cosine or plateau",
    "model.keep-probability, 0, 'in (0, 1]'",
    "model.recurrent-keep-probability, 0, 'in (0, 1]'",
    "train.softmax-samples, -1, 'at least 0'",
    "model.embedding-keep-probability, 1.5, 'in (0, 1]'",
    "model.keep-probability, 1.01, 'in (0, 1]'",
    "model.input-keep-probability, 0, 'in (0, 1]'",
    "model.output-keep-probability, 1.01, 'in (0, 1]'",
    "train.weight-decay, -0.5, at least 0",
    "train.window-shift, -1, at least 0",
    "train.window-shift, 20, 'less than data.window, which is 20'",
    "train.activation-penalty, -1, 'in [0, 3.4e38]'",
    "train.temporal-activation-penalty, 1.0E39, 'in [0, 3.4e38]'",
    "averaging.clip, global, local or averaged",
  })
  void valueOutsideTheKeysRangeIsRefused(String key, String value, String rule) {
    assertRefused(
        "--set %1$s=%2$s: 1: %1$s must be %3$s, is %2$s".formatted(key, value, rule),
        key + "=" + value);
  }

  @Test
  void tiedEmbeddingsOfAnotherSizeThanTheLastLayerAreRefused() {
    assertRefused(
        "--set model.embedding-size=4: 1: model.embedding-size must be 3, the size of the last layer,"
            + " with model.tie-embeddings = true, is 4",
        "model.hidden-size=[5, 3]",
        "model.tie-embeddings=true",
        "model.embedding-size=4");
  }

  @ParameterizedTest(name = "{0}={1}")
  @CsvSource({
    "train.epochs, 5d, a number",
    "train.learning-rate, 0x1p3, a number",
    "train.seed, 1.0E30, at most 9223372036854775807",
    "model.keep-probability, 1.0E-50, 'in (0, 1]'",
    "model.init-scale, 1.0E-50, greater than 0",
    "model.init-scale, 1.0E39, greater than 0",
  })
  void valueThatOnlyJavaTakesForANumberOrThatItRoundsAwayIsRefused(
      String key, String value, String rule) {
    valueOutsideTheKeysRangeIsRefused(key, value, rule);
  }

  @Test
  void aPlateauIsWholeEpochs() {
    assertRefused(
        "--set train.decay-epochs=0.5: 1: train.decay-epochs must be a whole number with"
            + " train.schedule = plateau, is 0.5",
        "train.schedule=plateau",
        "train.decay-epochs=0.5");
  }

  @Test
  void dl4jHasNoTiedEmbeddings() {
    assertRefused(
        "--set engine.name=dl4j: 1: engine.name cannot be dl4j: DL4J has no model.tie-embeddings",
        "model.tie-embeddings=true",
        "engine.name=dl4j");
  }

  @Test
  void dl4jHasOneThread() {
    assertRefused(
        "--set engine.name=dl4j: 1: engine.name cannot be dl4j: DL4J needs engine.threads = 1",
        "engine.name=dl4j",
        "engine.threads=2");
  }

  @Test
  void averagedClippingNeedsPeriodOne() {
    assertRefused(
        "--set averaging.clip=averaged: 1: averaging.clip must be local unless averaging.period is"
            + " 1; averaging.period is 128, is averaged",
        "averaging.clip=averaged");
  }

  @Test
  void unknownKeyOfAnAssignmentIsNamedWithTheNearest() {
    assertRefused(
        "--set train.epoch=5: 1: unknown key train.epoch, did you mean train.epochs?",
        "train.epoch=5");
  }

  @Test
  void keyBelowASettingIsUnknown() {
    assertRefused(
        "--set train.epochs.most=5: 1: unknown key train.epochs.most, did you mean train.epochs?",
        "train.epochs.most=5");
  }

  @Test
  void unknownPresetIsNamedWithTheNearest() {
    assertThatThrownBy(() -> SettingsLoader.load("smal", null, List.of()))
        .isInstanceOf(ConfigurationException.class)
        .hasMessage(
            "Unknown preset smal: did you mean small? The presets are small, medium, large,"
                + " medium-tied, medium-awd, test, quickstart");
  }

  @ParameterizedTest
  @ValueSource(strings = {"", "train.epochs", "=5", "train.epochs 5"})
  void assignmentWithoutKeyOrEqualsSignIsRefused(String assignment) {
    assertRefused("Cannot read --set " + assignment + ": write --set key=value", assignment);
  }

  private static void assertRefused(String message, String... assignments) {
    assertThatThrownBy(() -> SettingsLoader.load("small", null, List.of(assignments)))
        .isInstanceOf(ConfigurationException.class)
        .hasMessage(message);
  }
}
