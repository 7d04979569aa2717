package org.sparklstm.engine;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.HashSet;
import java.util.Set;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.FloatRange;
import net.jqwik.api.constraints.IntRange;
import org.junit.jupiter.api.Test;

class DropoutNoiseTest {

  private static long mix(long z) {
    z = (z ^ (z >>> 30)) * 0xBF58476D1CE4E5B9L;
    z = (z ^ (z >>> 27)) * 0x94D049BB133111EBL;
    return z ^ (z >>> 31);
  }

  @Property(tries = 200)
  void aUnitIsKeptIfItsUniformNumberIsBelowTheProbability(
      @ForAll long key,
      @ForAll @IntRange(max = 40) int timeStep,
      @ForAll @FloatRange(min = 0, minIncluded = false, max = 1) float keep,
      @ForAll @IntRange(min = 1, max = 70) int units) {
    float[] factors = new float[units];

    DropoutNoise.draw(key, timeStep, keep, factors);

    for (int unit = 0; unit < units; unit++) {
      long bits = mix(key + 0x9E3779B97F4A7C15L * (timeStep * units + unit + 1L));
      float uniform = (bits >>> 40) * 0x1p-24f;
      assertThat(factors[unit]).isEqualTo(uniform < keep ? 1 / keep : 0);
    }
  }

  @Property(tries = 200)
  void fourWeightsOfARowShareAHash(
      @ForAll long key,
      @ForAll @IntRange(max = 40) int row,
      @ForAll @FloatRange(min = 0, minIncluded = false, max = 1) float keep,
      @ForAll @IntRange(min = 1, max = 70) int columns) {
    float[] factors = new float[columns];

    DropoutNoise.drawWeights(key, row, keep, factors);

    int hashes = (columns - 1) / 4 + 1;
    for (int column = 0; column < columns; column++) {
      long bits = mix(key + 0x9E3779B97F4A7C15L * (row * hashes + column / 4 + 1L));
      double uniform = ((bits >>> (16 * (column % 4))) & 0xFFFF) * 0x1p-16;
      assertThat(factors[column]).isEqualTo(uniform < keep ? 1 / keep : 0);
    }
  }

  @Property(tries = 200)
  void aWordIsKeptAsAUnitOfTheVocabulary(
      @ForAll long key,
      @ForAll @IntRange(max = 300) int word,
      @ForAll @FloatRange(min = 0, minIncluded = false, max = 1) float keep) {
    float[] factors = new float[301];
    DropoutNoise.draw(key, 0, keep, factors);

    assertThat(DropoutNoise.factor(key, word, keep)).isEqualTo(factors[word]);
  }

  @Test
  void everyMaskHasAKeyOfItsOwn() {
    Set<Long> keys = new HashSet<>();
    for (int window = 0; window < 20; window++) {
      for (int lane = DropoutNoise.ALL_LANES; lane < 20; lane++) {
        for (int layer = DropoutNoise.OF_SAMPLES; layer < 4; layer++) {
          keys.add(DropoutNoise.key(7, window, lane, layer));
        }
      }
    }
    assertThat(keys).hasSize(20 * 21 * 5);
  }

  @Test
  void theShareOfKeptUnitsIsTheProbability() {
    float[] factors = new float[100_000];
    for (float keep : new float[] {0.35f, 0.5f, 1}) {
      DropoutNoise.draw(DropoutNoise.key(7, 1, 2, 0), 0, keep, factors);
      double sum = 0;
      for (float factor : factors) {
        sum += factor;
      }
      double deviation = Math.sqrt((1 - keep) / keep / factors.length);
      assertThat(sum / factors.length - 1).isBetween(-5 * deviation, 5 * deviation);
    }
  }
}
