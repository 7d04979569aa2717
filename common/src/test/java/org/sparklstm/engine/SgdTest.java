package org.sparklstm.engine;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import org.junit.jupiter.api.Test;

class SgdTest {

  private static float[] step(float[] gradient, double rate, double maxGradNorm) {
    float[] parameters = {10, 10};
    new Sgd(maxGradNorm).step(parameters, gradient, new float[0], rate);
    return parameters;
  }

  @Test
  void aGradientBelowTheLimitIsNotScaled() {
    assertThat(step(new float[] {3, 4}, 1, 6)).containsExactly(7, 6);
    assertThat(step(new float[] {3, 4}, 1, 5)).containsExactly(7, 6);
    assertThat(step(new float[] {3, 4}, 2, 5)).containsExactly(4, 2);
  }

  @Test
  void aGradientAboveTheLimitIsScaledByItsGlobalNorm() {
    assertThat(step(new float[] {3, 4}, 1, 2.5)).containsExactly(8.5f, 8);
  }

  @Test
  void aGradientThatIsNotFiniteChangesNothing() {
    assertThat(step(new float[] {Float.NaN, 4}, 1, 5)).containsExactly(10, 10);
    assertThat(step(new float[] {3, Float.NEGATIVE_INFINITY}, 1, 5)).containsExactly(10, 10);
  }

  @Test
  void aLimitThatWouldStopOrReverseTrainingIsRefused() {
    for (double limit : new double[] {0, -1, Double.NaN}) {
      assertThatThrownBy(() -> new Sgd(limit))
          .isInstanceOf(IllegalArgumentException.class)
          .hasMessage("maxGradNorm must be greater than 0, is " + limit);
    }
  }

  @Test
  void weightDecayIsNotClipped() {
    float[] parameters = {10, -10};
    new Sgd(2.5, 0.1).step(parameters, new float[] {3, 4}, new float[0], 0.5);
    assertThat(parameters).containsExactly(10 - 0.5f - 0.75f, -10 + 0.5f - 1);
  }

  @Test
  void weightDecayThatWouldGrowIsRefused() {
    for (double decay : new double[] {-1, Double.NaN, Double.POSITIVE_INFINITY}) {
      assertThatThrownBy(() -> new Sgd(1, decay))
          .isInstanceOf(IllegalArgumentException.class)
          .hasMessage("weightDecay must be at least 0, is " + decay);
    }
  }

  @Test
  void theNormIsThatBeforeClippingAndNoStateIsKept() {
    Sgd sgd = new Sgd(1);

    assertThat(sgd.step(new float[2], new float[] {3, 4}, new float[0], 1)).isEqualTo(5);
    assertThat(sgd.stateSize(1000)).isZero();
  }
}
