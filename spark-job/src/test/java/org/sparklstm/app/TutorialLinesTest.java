package org.sparklstm.app;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.ByteArrayOutputStream;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.util.Locale;
import java.util.function.Consumer;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.sparklstm.checkpoint.Best;
import org.sparklstm.engine.LossSum;
import org.sparklstm.run.RunListener.EpochBegin;
import org.sparklstm.run.RunListener.EpochSummary;
import org.sparklstm.train.Trained;
import org.sparklstm.train.TrainingState;

class TutorialLinesTest {

  private static String printed(Consumer<TutorialLines> events) {
    ByteArrayOutputStream bytes = new ByteArrayOutputStream();
    events.accept(new TutorialLines(new PrintStream(bytes, true, StandardCharsets.UTF_8)));
    return bytes.toString(StandardCharsets.UTF_8).replace(System.lineSeparator(), "\n");
  }

  private static LossSum loss(double perplexity) {
    return new LossSum(Math.log(perplexity), 1);
  }

  private static EpochSummary summary(double valid) {
    TrainingState next =
        new TrainingState(
            1,
            0,
            LossSum.ZERO,
            new Trained(new float[0], new float[0]),
            new float[0],
            new float[0]);
    return new EpochSummary(0, 1, loss(3), valid, 1, 1, next, Best.NONE, "");
  }

  @ParameterizedTest
  @ValueSource(strings = {"en-US", "de-DE", "ar-EG-u-nu-arab"})
  void linesAreThoseOfTheTutorialInEveryLocale(String locale) {
    Locale before = Locale.getDefault();
    Locale.setDefault(Locale.forLanguageTag(locale));
    try {
      assertThat(
              printed(
                  lines -> {
                    lines.epochBegins(new EpochBegin(0, 1, 7, 0, 7));
                    lines.epochTrained(0, loss(270.123));
                    lines.epochEnded(summary(178.123));
                    lines.tested(116.123);
                  }))
          .isEqualTo(
              """
              Epoch: 1 Learning rate: 1.000
              Epoch: 1 Train Perplexity: 270.123
              Epoch: 1 Valid Perplexity: 178.123
              Test Perplexity: 116.123
              """);
    } finally {
      Locale.setDefault(before);
    }
  }

  @Test
  void numbersHaveThreeDecimalsAndNoGrouping() {
    assertThat(printed(lines -> lines.epochBegins(new EpochBegin(12, 0.0019531, 1, 0, 1))))
        .isEqualTo("Epoch: 13 Learning rate: 0.002\n");
    assertThat(printed(lines -> lines.epochTrained(1000, loss(10_000))))
        .isEqualTo("Epoch: 1001 Train Perplexity: 10000.000\n");
  }
}
