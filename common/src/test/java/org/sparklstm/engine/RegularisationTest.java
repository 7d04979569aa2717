package org.sparklstm.engine;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.sparklstm.engine.Regularisation.DropoutMode;

class RegularisationTest {

  @ParameterizedTest
  @ValueSource(floats = {0, -0.5f, 1.5f, Float.NaN})
  void keepProbabilityOutsideItsRangeIsRefused(float keepProbability) {
    assertThatThrownBy(() -> new Regularisation(keepProbability, DropoutMode.LOCKED))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessage("Keep probability must be in (0, 1], is " + keepProbability);
  }

  @Test
  void aLockedMaskHoldsForAWholeWindow() {
    assertThat(new Regularisation(0.5f, DropoutMode.LOCKED).masks(20)).isEqualTo(1);
    assertThat(new Regularisation(0.5f, DropoutMode.PER_STEP).masks(20)).isEqualTo(20);
  }

  @Test
  void nothingIsDroppedIfAllIsKept() {
    assertThat(Regularisation.NONE.drops()).isFalse();
    assertThat(new Regularisation(0.99f, DropoutMode.LOCKED).drops()).isTrue();
  }
}
