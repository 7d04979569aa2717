package org.sparklstm.score;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import java.util.List;
import org.junit.jupiter.api.Test;
import org.sparklstm.score.Tokenizer.State;
import org.sparklstm.score.UnknownWords.Mode;
import org.sparklstm.text.Normalization;
import org.sparklstm.text.Vocabulary;

class UnknownWordsTest {
  private static final Tokenizer TOKENIZER =
      Tokenizer.of(
          new Vocabulary(List.of("<eos>", "a", "b", "<unk>")), State.LINE, 9, Normalization.NONE);

  /** a, a word that the vocabulary lacks, the end of the line. */
  private static final int[] IDS = {1, 3, 0};

  /** Their probabilities are 1/2, 1/4 and 1/4. */
  private static final double[] NATS = {Math.log(2), Math.log(4), Math.log(4)};

  private static TextScore score(Mode mode, long words) {
    return new UnknownWords(mode, words).score(TOKENIZER, IDS, NATS);
  }

  @Test
  void perplexityIsTheGeometricMeanOfInverseProbabilities() {
    TextScore counted = score(Mode.COUNT, 0);
    assertThat(counted.nats()).isCloseTo(Math.log(32), within(1e-12));
    assertThat(counted.perplexity()).isCloseTo(Math.cbrt(32), within(1e-12));
    assertThat(counted.predictions()).isEqualTo(3);
    assertThat(counted.tokens()).isEqualTo(2);
    assertThat(counted.unknown()).isEqualTo(1);
  }

  @Test
  void penalisedWordsShareTheProbabilityOfUnknown() {
    TextScore penalised = score(Mode.PENALISE, 4 + 2); // two words share it: 1/8 each
    assertThat(penalised.nats()).isCloseTo(Math.log(2 * 8 * 4), within(1e-12));
    assertThat(penalised.perplexity()).isCloseTo(4, within(1e-12));
    assertThat(penalised.tokens()).isEqualTo(2);
  }

  @Test
  void excludedWordsDoNotCountInSumAndNumber() {
    TextScore excluded = score(Mode.EXCLUDE, 0);
    assertThat(excluded.nats()).isCloseTo(Math.log(8), within(1e-12));
    assertThat(excluded.perplexity()).isCloseTo(Math.sqrt(8), within(1e-12));
    assertThat(excluded.predictions()).isEqualTo(2);
    assertThat(excluded.tokens()).isEqualTo(2);
    assertThat(excluded.unknown()).isEqualTo(1);
  }

  @Test
  void aTextOfUnknownWordsHasNoPerplexityWhereTheyAreExcluded() {
    TextScore score =
        new UnknownWords(Mode.EXCLUDE, 0).score(TOKENIZER, new int[] {3}, new double[] {1});
    assertThat(score.perplexity()).isNaN();
  }

  @Test
  void theLanguageMustHaveMoreWordsThanTheVocabulary() {
    assertThatThrownBy(() -> score(Mode.PENALISE, 4))
        .hasMessage("4 words in all are not more than the 4 of the vocabulary");
  }
}
