package org.sparklstm.generate;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class SamplerTest {
  private static final int DRAWS = 40_000;
  private static final double[] P = {0.1, 0.4, 0.05, 0.3, 0.15};

  /** ln p behind two values of another lane. */
  private static float[] logs(double... probabilities) {
    float[] logs = new float[probabilities.length + 2];
    for (int i = 0; i < probabilities.length; i++) {
      logs[i + 2] = (float) Math.log(probabilities[i]);
    }
    return logs;
  }

  private static double[] frequencies(Sampler sampler, double... probabilities) {
    float[] logs = logs(probabilities);
    Random random = new Random(7);
    double[] frequencies = new double[probabilities.length];
    for (int i = 0; i < DRAWS; i++) {
      frequencies[sampler.draw(logs, 2, probabilities.length, random)] += 1.0 / DRAWS;
    }
    return frequencies;
  }

  @ParameterizedTest(name = "temperature {0}, top-k {1}, top-p {2}")
  @CsvSource({
    "1,   5, 1,    0.1  0.4 0.05 0.3 0.15",
    "1, 100, 1,    0.1  0.4 0.05 0.3 0.15",
    "1,   2, 1,    0    4   0    3   0",
    "1,   5, 0.39, 0    1   0    0   0", // the likeliest alone reaches it
    "1,   5, 0.41, 0    4   0    3   0",
    "1,   5, 0.84, 0    0.4 0    0.3 0.15",
    "1,   3, 0.5,  0    4   0    3   0", // of 0.85: 0.4 is less than half
    "0.5, 5, 1,    0.01 0.16 0.0025 0.09 0.0225",
    "2,   2, 1,    0    0.632456 0 0.547723 0",
    "0,   5, 0.9,  0    1   0    0   0",
    "1,   1, 1,    0    1   0    0   0"
  })
  void wordsComeAsOftenAsTheyShould(double temperature, int topK, double topP, String weights) {
    double[] expected = new double[P.length];
    double all = 0;
    String[] parts = weights.trim().split(" +", -1);
    for (int i = 0; i < P.length; i++) {
      expected[i] = Double.parseDouble(parts[i]);
      all += expected[i];
    }
    double[] found = frequencies(new Sampler(temperature, topK, topP), P);

    for (int i = 0; i < P.length; i++) {
      double p = expected[i] / all;
      double sigma = Math.sqrt(p * (1 - p) / DRAWS);
      assertThat(found[i]).isCloseTo(p, within(5 * sigma + 1e-9));
    }
  }

  @Test
  void ofEquallyLikelyWordsTheFirstCountsAsLikelier() {
    assertThat(frequencies(new Sampler(0, 4, 1), 0.25, 0.25, 0.25, 0.25))
        .containsExactly(frequencies(new Sampler(1, 1, 1), 0.25, 0.25, 0.25, 0.25));
    assertThat(new Sampler(0, 4, 1).draw(logs(0.25, 0.25), 2, 2, new Random())).isZero();
  }

  @Test
  void whatMustNotBeDrawnIsNot() {
    float[] logs = logs(0.5, 0.5, 0);
    for (int i = 0; i < 100; i++) {
      assertThat(new Sampler(100, 3, 1).draw(logs, 2, 3, new Random(i))).isLessThan(2);
    }
    float[] none = {Float.NEGATIVE_INFINITY};
    assertThatThrownBy(() -> new Sampler(1, 1, 1).draw(none, 0, 1, new Random()))
        .hasMessage("No word can be drawn");
  }

  @ParameterizedTest
  @CsvSource({"-0.1, 1, 1", "NaN, 1, 1", "Infinity, 1, 1", "1, 0, 1", "1, 1, 0", "1, 1, 1.01"})
  void whatIsNoSamplerIsRefused(double temperature, int topK, double topP) {
    assertThatThrownBy(() -> new Sampler(temperature, topK, topP))
        .isInstanceOf(IllegalArgumentException.class);
  }
}
