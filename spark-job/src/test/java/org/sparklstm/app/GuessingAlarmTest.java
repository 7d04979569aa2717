package org.sparklstm.app;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;

class GuessingAlarmTest {

  @Test
  void anEpochWorseThanGuessingIsAWarningThatNamesTheKey() {
    assertThat(GuessingAlarm.warning(1, 10_000.5, 10_000))
        .hasValue(
            "Epoch 2: the train perplexity is above 10000, that of guessing among all words; lower"
                + " train.learning-rate");
    assertThat(GuessingAlarm.warning(1, 10_000, 10_000)).isEmpty();
  }
}
