package org.sparklstm.train;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class OuterOptimiserTest {

  static float[] random(Random random, int length) {
    float[] values = new float[length];
    for (int i = 0; i < length; i++) {
      values[i] = (float) random.nextGaussian();
    }
    return values;
  }

  @ParameterizedTest
  @CsvSource({"0.875, 1, 131077", "0.5, 0.7, 1", "0, 0.25, 65536", "0.94, 2, 0"})
  void aStepIsThatOfItsEquations(double momentum, double rate, int length) {
    Random random = new Random();
    float[] start = random(random, length);
    float[] reached = random(random, length);
    float[] momenta = random(random, length);
    float[] parameters = reached.clone();
    float[] before = momenta.clone();

    float[] after = new OuterOptimiser(momentum, rate).step(start, parameters, momenta);

    assertThat(after).hasSize(length);
    assertThat(momenta).isEqualTo(before);
    for (int i = 0; i < length; i++) {
      double change = (double) reached[i] - start[i];
      double m = momentum * momenta[i] + rate * change;
      assertThat((double) after[i]).isCloseTo(m, within(1e-6));
      assertThat((double) parameters[i])
          .isCloseTo(start[i] + momentum * m + rate * change, within(2e-6));
    }
  }

  @Test
  void manyEqualChangesMoveTheParametersRateOverOneMinusMomentumTimesAsFar() {
    OuterOptimiser outer = new OuterOptimiser(0.75, 0.5);
    float[] at = {0};
    float[] momenta = {0};
    float last = 0;
    for (int round = 0; round < 200; round++) {
      float[] reached = {at[0] + 0.125f};
      momenta = outer.step(at, reached, momenta);
      last = reached[0] - at[0];
      at = reached;
    }

    assertThat(last).isCloseTo(0.125f * 0.5f / 0.25f, within(1e-4f));
  }

  @Test
  void plainAveragingKeepsNoState() {
    assertThat(OuterOptimiser.AVERAGE.stateSize(7)).isZero();
    assertThat(new OuterOptimiser(0, 1).averages()).isTrue();
    assertThat(new OuterOptimiser(0.5, 1).averages()).isFalse();
    assertThat(new OuterOptimiser(0, 0.5).averages()).isFalse();
    assertThat(new OuterOptimiser(0, 0.5).stateSize(7)).isEqualTo(7);
  }

  @ParameterizedTest
  @CsvSource({"1, 1", "-0.1, 1", "NaN, 1", "0.5, 0", "0.5, -1", "0.5, NaN", "0.5, Infinity"})
  void stepsThatWouldNotEndAreRefused(double momentum, double rate) {
    assertThatThrownBy(() -> new OuterOptimiser(momentum, rate))
        .isInstanceOf(IllegalArgumentException.class);
  }
}
