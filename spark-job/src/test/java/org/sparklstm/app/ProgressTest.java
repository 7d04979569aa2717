package org.sparklstm.app;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class ProgressTest {
  @ParameterizedTest
  @CsvSource({
    "0.4, 0 s",
    "59.4, 59 s",
    "59.6, 1 min 0 s",
    "3599, 59 min 59 s",
    "3600, 1 h 0 min",
    "100000, 27 h 46 min"
  })
  void timeIsSaidInTwoUnits(double seconds, String said) {
    assertThat(Progress.time(seconds)).isEqualTo(said);
  }
}
