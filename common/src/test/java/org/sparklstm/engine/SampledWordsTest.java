package org.sparklstm.engine;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import java.util.Arrays;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.DoubleRange;
import net.jqwik.api.constraints.IntRange;
import org.junit.jupiter.api.Test;

class SampledWordsTest {

  @Property(tries = 300)
  void theProbabilitiesAddUpToWhatIsExpected(
      @ForAll @IntRange(min = 2, max = 3000) int words,
      @ForAll @DoubleRange(max = 1) double share) {
    int expected = Math.max(1, (int) (share * (words - 1)));
    SampledWords sampling = new SampledWords(words, expected);

    double sum = 0;
    for (int word = 0; word < words; word++) {
      float probability = sampling.probability(word);
      assertThat(probability).isGreaterThan(0).isLessThanOrEqualTo(1);
      if (word > 0) {
        assertThat(probability).isLessThanOrEqualTo(sampling.probability(word - 1));
      }
      sum += probability;
    }
    assertThat(sum).isCloseTo(expected, within(1e-6 * words));
  }

  @Test
  void eachWindowDrawsItsOwnAndAlwaysTheSame() {
    SampledWords sampling = new SampledWords(1000, 50);
    int[] words = sampling.draw(5, 3);

    assertThat(sampling.draw(5, 4)).isNotEqualTo(words);
    assertThat(sampling.draw(6, 3)).isNotEqualTo(words);
    assertThat(new SampledWords(1000, 50).draw(5, 3)).isEqualTo(words).isSorted();
  }

  /** Each word is there as often as its probability says, so the estimate of a sum is right. */
  @Test
  void theEstimateOfASumOverAllWordsIsRightOnAverage() {
    SampledWords sampling = new SampledWords(500, 60);
    int windows = 4000;
    double sum = 0;
    double variance = 0;
    for (int word = 0; word < 500; word++) {
      variance += 1 / sampling.probability(word) - 1;
    }
    for (int window = 0; window < windows; window++) {
      int[] drawn = sampling.draw(9, window);
      assertThat(drawn.length).isLessThanOrEqualTo(sampling.most()).isGreaterThan(20);
      sum += Arrays.stream(drawn).mapToDouble(word -> 1 / sampling.probability(word)).sum();
    }
    assertThat(sum / windows).isCloseTo(500, within(5 * Math.sqrt(variance / windows)));
  }
}
