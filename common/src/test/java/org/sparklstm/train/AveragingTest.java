package org.sparklstm.train;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.Collections;
import java.util.List;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.IntRange;
import org.junit.jupiter.api.Test;

class AveragingTest {

  @Test
  void meanIsWeighted() {
    float[] mean =
        Averaging.weightedMean(
            List.of(new float[] {4, 8, -2}, new float[] {8, 0, 2}), new double[] {0.75, 0.25});

    assertThat(mean).containsExactly(5, 6, -1);
  }

  @Test
  void meanIsSummedInDouble() {
    float[] mean =
        Averaging.weightedMean(
            List.of(new float[] {0x1p30f}, new float[] {1}, new float[] {-0x1p30f}),
            new double[] {0.25, 0.5, 0.25});

    assertThat(mean).containsExactly(0.5f);
  }

  @Test
  void oneArrayOfWeightOneIsCopiedExactly() {
    float[] array = {0.1f, -3, Float.MIN_VALUE, Float.MAX_VALUE, Float.POSITIVE_INFINITY, 0};

    assertThat(Averaging.weightedMean(List.of(array), new double[] {1}))
        .isEqualTo(array)
        .isNotSameAs(array);
  }

  @Test
  void oneArrayOfWeightOneKeepsItsNegativeZeros() {
    float[] array = {-0.0f};

    assertThat(Averaging.weightedMean(List.of(array), new double[] {1})).isEqualTo(array);
  }

  @Property
  void meanOfEqualArraysIsThatArray(
      @ForAll float value, @ForAll @IntRange(min = 1, max = 64) int workers) {
    float[] array = {value + 0f}; // no -0.0
    double[] weights = new LaneSplit(100, workers).weights();

    assertThat(Averaging.weightedMean(Collections.nCopies(workers, array), weights))
        .isEqualTo(array);
  }

  @Test
  void aGradientBelowTheLimitIsNotScaled() {
    float[] parameters = {10, 10};

    assertThat(Averaging.step(parameters, new float[] {3, 4}, 1, 6)).containsExactly(7, 6);
    assertThat(Averaging.step(parameters, new float[] {3, 4}, 1, 5)).containsExactly(7, 6);
    assertThat(Averaging.step(parameters, new float[] {3, 4}, 2, 5)).containsExactly(4, 2);
  }

  @Test
  void aGradientAboveTheLimitIsScaledByItsGlobalNorm() {
    assertThat(Averaging.step(new float[] {10, 10}, new float[] {3, 4}, 1, 2.5))
        .containsExactly(8.5f, 8);
    assertThat(Averaging.step(new float[] {10, 10}, new float[] {3, 4}, 4, 2.5))
        .containsExactly(4, 2);
  }

  @Test
  void aGradientOfZeroChangesNothing() {
    assertThat(Averaging.step(new float[] {1, -2}, new float[2], 1, 5)).containsExactly(1, -2);
  }

  @Test
  void theArgumentsAreNotChanged() {
    float[] parameters = {10, 10};
    float[] gradient = {3, 4};

    assertThat(Averaging.step(parameters, gradient, 1, 1)).isNotSameAs(parameters);

    assertThat(parameters).containsExactly(10, 10);
    assertThat(gradient).containsExactly(3, 4);
  }
}
