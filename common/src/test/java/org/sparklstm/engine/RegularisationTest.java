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
    assertThatThrownBy(() -> new Regularisation(1, DropoutMode.LOCKED, keepProbability, 1, 0))
        .hasMessage("Recurrent keep probability must be in (0, 1], is " + keepProbability);
    assertThatThrownBy(() -> new Regularisation(1, DropoutMode.LOCKED, 1, keepProbability, 0))
        .hasMessage("Embedding keep probability must be in (0, 1], is " + keepProbability);
  }

  @Test
  void aNegativeNumberOfSamplesIsRefused() {
    assertThatThrownBy(() -> new Regularisation(1, DropoutMode.LOCKED, 1, 1, -1))
        .hasMessage("Softmax samples must be at least 0, are -1");
  }

  @Test
  void aLockedMaskHoldsForAWholeWindow() {
    assertThat(new Regularisation(0.5f, DropoutMode.LOCKED).masks(20)).isEqualTo(1);
    assertThat(new Regularisation(0.5f, DropoutMode.PER_STEP).masks(20)).isEqualTo(20);
  }

  @Test
  void nothingIsDroppedIfAllIsKept() {
    assertThat(Regularisation.NONE.drops()).isFalse();
    assertThat(Regularisation.NONE.dropsActivations()).isFalse();
    assertThat(Regularisation.NONE.dropsWeights()).isFalse();
    assertThat(Regularisation.NONE.dropsWords()).isFalse();
    assertThat(Regularisation.NONE.samples()).isFalse();
    assertThat(new Regularisation(0.99f, DropoutMode.LOCKED).dropsActivations()).isTrue();
    assertThat(new Regularisation(1, DropoutMode.LOCKED, 0.99f, 1, 0).dropsWeights()).isTrue();
    assertThat(new Regularisation(1, DropoutMode.LOCKED, 1, 0.99f, 0).dropsWords()).isTrue();
  }

  @Test
  void eachKindOfDropoutIsOne() {
    assertThat(new Regularisation(0.99f, DropoutMode.LOCKED).drops()).isTrue();
    assertThat(new Regularisation(1, DropoutMode.LOCKED, 0.99f, 1, 0).drops()).isTrue();
    assertThat(new Regularisation(1, DropoutMode.LOCKED, 1, 0.99f, 0).drops()).isTrue();
    assertThat(new Regularisation(1, DropoutMode.LOCKED, 1, 1, 9).drops()).isFalse();
  }
}
