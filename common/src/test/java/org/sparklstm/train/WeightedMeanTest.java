package org.sparklstm.train;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.List;
import java.util.Random;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.IntRange;
import org.junit.jupiter.api.Test;
import org.sparklstm.text.LaneAssignment;

class WeightedMeanTest {

  private static float[] mean(List<float[]> arrays, double... weights) {
    return WeightedMean.of(arrays, weights, true);
  }

  @Test
  void meanIsWeighted() {
    float[] mean = mean(List.of(new float[] {4, 8, -2}, new float[] {8, 0, 2}), 0.75, 0.25);

    assertThat(mean).containsExactly(5, 6, -1);
  }

  @Test
  void aGroupIsSummedInDouble() {
    float[] mean =
        WeightedMean.groupMean(
            List.of(new float[] {0x1p30f}, new float[] {1}, new float[] {-0x1p30f}),
            new double[] {0.25, 0.5, 0.25},
            false);

    assertThat(mean).containsExactly(0.5f);
  }

  @Test
  void theMeanOfOneArrayIsThatArray() {
    float[] array = {0.1f, -3, Float.MIN_VALUE, Float.MAX_VALUE, Float.POSITIVE_INFINITY, -0.0f};

    assertThat(mean(List.of(array), 0.4)).isSameAs(array);
  }

  @Test
  void negativeZerosStay() {
    float[] array = {-0.0f};

    assertThat(mean(List.of(array, array), 0.5, 0.5)).isEqualTo(array);
  }

  @Property
  void meanOfEqualArraysIsThatArray(
      @ForAll float value, @ForAll @IntRange(min = 1, max = 64) int workers) {
    float[] array = {value + 0f}; // no -0.0
    double[] weights = new LaneAssignment(100, workers).weights();

    assertThat(mean(Collections.nCopies(workers, array), weights)).isEqualTo(array);
  }

  @Property
  void groupsAveragedApartGiveTheSameBytes(
      @ForAll @IntRange(min = 1, max = 40) int workers, @ForAll long seed) {
    Random random = new Random(seed);
    List<float[]> arrays = new ArrayList<>();
    for (int worker = 0; worker < workers; worker++) {
      float[] array = new float[5000];
      for (int i = 0; i < array.length; i++) {
        array[i] = random.nextFloat() - 0.5f;
      }
      arrays.add(array);
    }
    double[] weights = new LaneAssignment(workers + 13, workers).weights();

    int size = WeightedMean.groupSize(workers);
    List<float[]> means = new ArrayList<>();
    for (int first = 0; first < workers; first += size) {
      int end = Math.min(workers, first + size);
      double[] group = Arrays.copyOfRange(weights, first, end);
      means.add(WeightedMean.groupMean(arrays.subList(first, end), group, false));
    }
    float[] apart = WeightedMean.meanOfGroups(means, weights, false);

    float[] mean = mean(arrays, weights);
    assertThat(Arrays.equals(apart, mean)).isTrue();
    for (int i = 0; i < 10; i++) {
      double exact = 0;
      for (int worker = 0; worker < workers; worker++) {
        exact += weights[worker] * arrays.get(worker)[i];
      }
      assertThat(mean[i]).isCloseTo((float) exact, within(2e-7f));
    }
  }

  @Property
  void everyElementIsAveragedInOrder(@ForAll @IntRange(min = 1, max = 10_000) int size) {
    float[] a = new float[size];
    float[] b = new float[size];
    Random random = new Random(size);
    for (int i = 0; i < size; i++) {
      a[i] = random.nextFloat() - 0.5f;
      b[i] = random.nextFloat() - 0.5f;
    }

    float[] mean = mean(List.of(a, b), 0.3, 0.7);

    for (int i = 0; i < size; i++) {
      assertThat(mean[i]).isEqualTo((float) (0.3 * a[i] + 0.7 * b[i]));
    }
  }

  @Property
  void finiteSeesInfinityAndNaN(
      @ForAll float[] values, @ForAll @IntRange(min = 0, max = 100) int at) {
    boolean expected = true;
    for (float value : values) {
      expected &= Float.isFinite(value);
    }
    assertThat(WeightedMean.finite(values)).isEqualTo(expected);

    float[] longer = Arrays.copyOf(values, Math.max(values.length, at + 1));
    for (float bad :
        new float[] {Float.NaN, Float.POSITIVE_INFINITY, Float.NEGATIVE_INFINITY, -Float.NaN}) {
      longer[at] = bad;
      assertThat(WeightedMean.finite(longer)).isFalse();
    }
  }
}
