package org.sparklstm.train;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;
import static org.sparklstm.train.OuterOptimiserTest.random;

import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class MovingAverageTest {
  /** As weights: each round counts by its windows, and decays with those behind it. */
  @ParameterizedTest
  @CsvSource({"0.5, 131077", "2, 1", "1.3, 1025", "100, 7"})
  void aRoundCountsByItsWindowsAndIsForgottenWithTheEpochs(double epochs, int length) {
    Random random = new Random();
    MovingAverage average = new MovingAverage(epochs);
    int windows = 10;
    int[] rounds = {4, 4, 2, 4, 4, 2, 4, 4, 2};
    float[] model = {};
    float[][] ends = new float[rounds.length][];
    int all = 0;
    for (int round = 0; round < rounds.length; round++) {
      ends[round] = random(random, length);
      float[] before = model.clone();
      all += rounds[round];
      float[] next = average.after(model, ends[round], rounds[round], all, windows);
      assertThat(model).isEqualTo(before);
      model = next;
    }

    double[] expected = new double[length];
    double left = 1;
    int behind = all;
    for (int round = rounds.length - 1; round >= 0; round--) {
      double weight = left * Math.min(1, rounds[round] / Math.min(behind, epochs * windows));
      for (int i = 0; i < length; i++) {
        expected[i] += weight * ends[round][i];
      }
      left -= weight;
      behind -= rounds[round];
    }
    assertThat(left).isCloseTo(0, within(1e-12));
    for (int i = 0; i < length; i++) {
      assertThat((double) model[i]).isCloseTo(expected[i], within(1e-6));
    }
  }

  @Test
  void withinItsEpochsItIsThePlainMean() {
    MovingAverage average = new MovingAverage(3);
    float[] model = average.after(new float[0], new float[] {1, -1}, 5, 5, 10);
    model = average.after(model, new float[] {4, 2}, 10, 15, 10);

    assertThat(model).containsExactly(3, 1);
  }

  @Test
  void withoutOneTheModelIsTheParameters() {
    float[] parameters = {1, 2};
    assertThat(MovingAverage.NONE.after(new float[0], parameters, 1, 100, 10)).isSameAs(parameters);
    assertThat(MovingAverage.NONE.stateSize(7)).isZero();
    assertThat(new MovingAverage(0.1).stateSize(7)).isEqualTo(7);
  }

  @ParameterizedTest
  @ValueSource(doubles = {-1, Double.NaN, Double.POSITIVE_INFINITY})
  void itReachesBackAKnownNumberOfEpochs(double epochs) {
    assertThatThrownBy(() -> new MovingAverage(epochs))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessage("A moving average reaches 0 epochs back or more, not " + epochs);
  }
}
