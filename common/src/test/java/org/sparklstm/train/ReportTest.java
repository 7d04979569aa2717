package org.sparklstm.train;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import java.util.List;
import java.util.Locale;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.sparklstm.config.Settings;
import org.sparklstm.config.SettingsLoader;

class ReportTest {

  @ParameterizedTest
  @ValueSource(strings = {"en-US", "de-DE", "ar-EG-u-nu-arab"})
  void linesAreThoseOfTheTutorialInEveryLocale(String locale) {
    Locale before = Locale.getDefault();
    Locale.setDefault(Locale.forLanguageTag(locale));
    try {
      assertThat(Report.learningRate(0, 1)).isEqualTo("Epoch: 1 Learning rate: 1.000");
      assertThat(Report.trainPerplexity(0, 270.123))
          .isEqualTo("Epoch: 1 Train Perplexity: 270.123");
      assertThat(Report.validPerplexity(0, 178.123))
          .isEqualTo("Epoch: 1 Valid Perplexity: 178.123");
      assertThat(Report.testPerplexity(116.123)).isEqualTo("Test Perplexity: 116.123");
    } finally {
      Locale.setDefault(before);
    }
  }

  @Test
  void numbersHaveThreeDecimalsAndNoGrouping() {
    assertThat(Report.learningRate(12, 0.0019531)).isEqualTo("Epoch: 13 Learning rate: 0.002");
    assertThat(Report.trainPerplexity(1000, 10000))
        .isEqualTo("Epoch: 1001 Train Perplexity: 10000.000");
  }

  @Test
  void smallRunsFourEpochsAtTheFullRateThenHalves() {
    assertThat(rates("small", 8)).containsExactly(1, 1, 1, 1, 0.5, 0.25, 0.125, 0.0625);
  }

  @Test
  void largeRunsFourteenEpochsAtTheFullRateThenDividesBy1Point15() {
    double[] rates = rates("large", 16);

    assertThat(rates[13]).isEqualTo(1);
    assertThat(rates[14]).isCloseTo(1 / 1.15, within(1e-12));
    assertThat(rates[15]).isCloseTo(1 / 1.15 / 1.15, within(1e-12));
  }

  @Test
  void withoutFullRateEpochsTheFirstEpochDecays() {
    assertThat(rates("small", 2, "train.full-rate-epochs=0")).containsExactly(0.5, 0.25);
  }

  @Test
  void theScheduleStartsAtTheLearningRate() {
    assertThat(rates("small", 5, "train.learning-rate=20")).containsExactly(20, 20, 20, 20, 10);
  }

  private static double[] rates(String preset, int epochs, String... assignments) {
    Settings.Train train = SettingsLoader.load(preset, null, List.of(assignments)).train();
    return IntStream.range(0, epochs).mapToDouble(epoch -> Report.rate(train, epoch)).toArray();
  }
}
