package org.sparklstm.engine;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.sparklstm.engine.Dropout.Mode;

class DropoutTest {
  private static final Dropout INPUTS = new Dropout(0.99f, 1, 1, Mode.LOCKED, 1, 1);
  private static final Dropout BETWEEN = new Dropout(1, 0.99f, 1, Mode.LOCKED, 1, 1);
  private static final Dropout OUTPUTS = new Dropout(1, 1, 0.99f, Mode.LOCKED, 1, 1);
  private static final Dropout WEIGHTS = new Dropout(1, 1, 1, Mode.LOCKED, 0.99f, 1);
  private static final Dropout WORDS = new Dropout(1, 1, 1, Mode.LOCKED, 1, 0.99f);

  @ParameterizedTest
  @ValueSource(floats = {0, -0.5f, 1.5f, Float.NaN})
  void aProbabilityOutsideItsRangeIsRefused(float keep) {
    assertThatThrownBy(() -> new Dropout(keep, 1, 1, Mode.LOCKED, 1, 1))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessage("Input keep probability must be in (0, 1], is " + keep);
    assertThatThrownBy(() -> new Dropout(1, keep, 1, Mode.LOCKED, 1, 1))
        .hasMessage("Hidden keep probability must be in (0, 1], is " + keep);
    assertThatThrownBy(() -> new Dropout(1, 1, keep, Mode.LOCKED, 1, 1))
        .hasMessage("Output keep probability must be in (0, 1], is " + keep);
    assertThatThrownBy(() -> new Dropout(1, 1, 1, Mode.LOCKED, keep, 1))
        .hasMessage("Recurrent keep probability must be in (0, 1], is " + keep);
    assertThatThrownBy(() -> new Dropout(1, 1, 1, Mode.LOCKED, 1, keep))
        .hasMessage("Embedding keep probability must be in (0, 1], is " + keep);
  }

  @Test
  void eachPlaceHasItsProbability() {
    Dropout dropout = new Dropout(0.2f, 0.3f, 0.4f, Mode.LOCKED, 1, 1);
    assertThat(dropout.keepProbability(0, 3)).isEqualTo(0.2f);
    assertThat(dropout.keepProbability(1, 3)).isEqualTo(0.3f);
    assertThat(dropout.keepProbability(2, 3)).isEqualTo(0.3f);
    assertThat(dropout.keepProbability(3, 3)).isEqualTo(0.4f);
    assertThat(dropout.keepProbability(1, 1)).isEqualTo(0.4f);
  }

  @Test
  void aLockedMaskHoldsForAWholeWindow() {
    assertThat(new Dropout(0.5f, Mode.LOCKED).masks(20)).isEqualTo(1);
    assertThat(new Dropout(0.5f, Mode.PER_STEP).masks(20)).isEqualTo(20);
  }

  @Test
  void nothingIsDroppedIfAllIsKept() {
    assertThat(Dropout.NONE.any(2)).isFalse();
    assertThat(Dropout.NONE.dropsActivations(2)).isFalse();
    assertThat(Dropout.NONE.dropsWeights()).isFalse();
    assertThat(Dropout.NONE.dropsWords()).isFalse();
  }

  @Test
  void eachKindOfDropoutIsOne() {
    for (Dropout dropout : new Dropout[] {INPUTS, BETWEEN, OUTPUTS, WEIGHTS, WORDS}) {
      assertThat(dropout.any(2)).isTrue();
      assertThat(dropout.dropsActivations(2))
          .isEqualTo(!dropout.equals(WEIGHTS) && !dropout.equals(WORDS));
      assertThat(dropout.dropsWeights()).isEqualTo(dropout.equals(WEIGHTS));
      assertThat(dropout.dropsWords()).isEqualTo(dropout.equals(WORDS));
    }
  }

  @Test
  void oneLayerHasNothingBetweenLayers() {
    assertThat(BETWEEN.any(1)).isFalse();
    assertThat(BETWEEN.dropsActivations(1)).isFalse();
    assertThat(INPUTS.any(1)).isTrue();
    assertThat(OUTPUTS.any(1)).isTrue();
  }
}
