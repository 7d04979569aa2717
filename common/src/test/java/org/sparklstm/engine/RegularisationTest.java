package org.sparklstm.engine;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class RegularisationTest {

  @ParameterizedTest
  @ValueSource(floats = {-0.5f, Float.NaN, Float.POSITIVE_INFINITY})
  void aPenaltyThatWouldRewardIsRefused(float penalty) {
    assertThatThrownBy(() -> new Regularisation(Dropout.NONE, penalty, 0, 0))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessage("Activation penalty must be at least 0, is " + penalty);
    assertThatThrownBy(() -> new Regularisation(Dropout.NONE, 0, penalty, 0))
        .hasMessage("Temporal activation penalty must be at least 0, is " + penalty);
  }

  @Test
  void aNegativeNumberOfSamplesIsRefused() {
    assertThatThrownBy(() -> new Regularisation(Dropout.NONE, 0, 0, -1))
        .hasMessage("Softmax samples must be at least 0, are -1");
  }

  @Test
  void itSaysWhatItHas() {
    assertThat(Regularisation.NONE.penalises()).isFalse();
    assertThat(Regularisation.NONE.samples()).isFalse();
    assertThat(new Regularisation(Dropout.NONE, 1, 0, 0).penalises()).isTrue();
    assertThat(new Regularisation(Dropout.NONE, 0, 1, 0).penalises()).isTrue();
    assertThat(new Regularisation(Dropout.NONE, 0, 0, 1).samples()).isTrue();
  }
}
