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
    assertThatThrownBy(() -> new Regularisation(1, DropoutMode.LOCKED, keepProbability, 1))
        .hasMessage("Recurrent keep probability must be in (0, 1], is " + keepProbability);
    assertThatThrownBy(() -> new Regularisation(1, DropoutMode.LOCKED, 1, keepProbability))
        .hasMessage("Embedding keep probability must be in (0, 1], is " + keepProbability);
  }

  @Test
  void aLockedMaskHoldsForAWholeWindow() {
    assertThat(new Regularisation(0.5f, DropoutMode.LOCKED).masks(20)).isEqualTo(1);
    assertThat(new Regularisation(0.5f, DropoutMode.PER_STEP).masks(20)).isEqualTo(20);
  }

  @Test
  void nothingIsDroppedIfAllIsKept() {
    assertThat(Regularisation.NONE.drops()).isFalse();
    assertThat(Regularisation.NONE.dropsWeights()).isFalse();
    assertThat(Regularisation.NONE.dropsWords()).isFalse();
    assertThat(new Regularisation(0.99f, DropoutMode.LOCKED).drops()).isTrue();
    assertThat(new Regularisation(1, DropoutMode.LOCKED, 0.99f, 1).dropsWeights()).isTrue();
    assertThat(new Regularisation(1, DropoutMode.LOCKED, 1, 0.99f).dropsWords()).isTrue();
  }
}
