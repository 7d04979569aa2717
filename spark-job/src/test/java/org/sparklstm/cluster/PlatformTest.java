package org.sparklstm.cluster;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatCode;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;
import org.sparklstm.error.ConfigurationException;

class PlatformTest {

  @ParameterizedTest
  @CsvSource({
    "3.4.0, 2.12.17",
    "3.4.4, 2.12.17",
    "3.5.0, 2.12.18",
    "3.5.5, 2.12.18",
    "3.5.1-amzn-0, 2.12.17",
    "3.5.6-SNAPSHOT, 2.12.20"
  })
  void sparkThatTheJobWasBuiltForIsAccepted(String spark, String scala) {
    assertThatCode(() -> Platform.requireSupported(spark, scala)).doesNotThrowAnyException();
  }

  @ParameterizedTest
  @ValueSource(strings = {"2.4.8", "3.0.3", "3.3.4", "4.0.0", "4.0.0-preview1", "4.1.0", "10.3.1"})
  void otherSparkIsRefused(String spark) {
    assertThatThrownBy(() -> Platform.requireSupported(spark, "2.12.18"))
        .isInstanceOf(ConfigurationException.class)
        .hasMessage("Cannot run on Spark %s: this jar needs Spark 3.4 or 3.5", spark);
  }

  @ParameterizedTest
  @ValueSource(strings = {"2.11.12", "2.13.8", "2.120.1", "3.3.1"})
  void otherScalaIsRefused(String scala) {
    assertThatThrownBy(() -> Platform.requireSupported("3.5.5", scala))
        .isInstanceOf(ConfigurationException.class)
        .hasMessage("Cannot run on Scala %s: this jar needs a Spark built for Scala 2.12", scala);
  }

  @Test
  void theSparkOfTheTestsIsAcceptedAndTheVersionKnown() {
    assertThatCode(Platform::requireSupported).doesNotThrowAnyException();
    assertThat(Platform.version()).matches("\\d+\\.\\d+\\.\\d+(-SNAPSHOT)?");
  }
}
