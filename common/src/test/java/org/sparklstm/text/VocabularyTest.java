package org.sparklstm.text;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.List;
import org.junit.jupiter.api.Test;
import org.sparklstm.text.Vocabulary.WordCount;

class VocabularyTest {
  private static final String REPLACEMENT_CHARACTER = "\uFFFD";
  private static final String SUPPLEMENTARY_CHARACTER = "\uD801\uDC00"; // U+10400

  @Test
  void theMostFrequentWordComesFirst() {
    List<WordCount> counts = List.of(count("a", 1), count("b", 3), count("c", 2));

    assertThat(Vocabulary.ofCounts(counts, 6, 3, 0, 10).words()).containsExactly("b", "c", "a");
  }

  @Test
  void wordsOfEqualCountStandInCodePointOrder() {
    List<WordCount> counts =
        List.of(
            count(SUPPLEMENTARY_CHARACTER, 1),
            count(REPLACEMENT_CHARACTER, 1),
            count("é", 1),
            count("ab", 1),
            count("a", 1),
            count("Z", 1));

    assertThat(SUPPLEMENTARY_CHARACTER).isLessThan(REPLACEMENT_CHARACTER);
    assertThat(Vocabulary.ofCounts(counts, 6, 6, 0, 10).words())
        .containsExactly("Z", "a", "ab", "é", REPLACEMENT_CHARACTER, SUPPLEMENTARY_CHARACTER);
  }

  @Test
  void theRarestWordsBecomeUnknownWhichIsOneOfTheSize() {
    List<WordCount> fourOfFive =
        List.of(count("the", 9), count("<eos>", 6), count("cat", 4), count("dog", 3));
    int total = 9 + 6 + 4 + 3 + 2;

    assertThat(Vocabulary.ofCounts(fourOfFive, total, 5, 0, 4).words())
        .containsExactly("the", "<eos>", "<unk>", "cat");
  }

  @Test
  void unknownsOfTheTextCountTogetherWithTheRarest() {
    List<WordCount> fourOfFive =
        List.of(count("the", 9), count("<eos>", 6), count("cat", 4), count("dog", 3));
    int total = 9 + 6 + 4 + 3 + 2 + 2;

    assertThat(Vocabulary.ofCounts(fourOfFive, total, 5, 2, 4).words())
        .containsExactly("the", "<unk>", "<eos>", "cat");
  }

  @Test
  void unknownOfTheTextTakesItsPlaceWhenNothingIsCut() {
    List<WordCount> counts = List.of(count("a", 3), count("b", 1));

    assertThat(Vocabulary.ofCounts(counts, 6, 2, 2, 3).words()).containsExactly("a", "<unk>", "b");
  }

  @Test
  void unknownOfTheTextIsOneOfTheSize() {
    List<WordCount> counts = List.of(count("a", 5), count("b", 1));

    assertThat(Vocabulary.ofCounts(counts, 8, 2, 2, 2).words()).containsExactly("a", "<unk>");
  }

  @Test
  void aTextOfExactlyTheSizeIsNotCut() {
    List<WordCount> counts = List.of(count("a", 2), count("b", 1));

    assertThat(Vocabulary.ofCounts(counts, 3, 2, 0, 2).words()).containsExactly("a", "b");
  }

  @Test
  void idIsThePlaceOfTheWord() {
    Vocabulary vocabulary = new Vocabulary(List.of("b", "a"));

    assertThat(vocabulary.size()).isEqualTo(2);
    assertThat(vocabulary.id("b")).hasValue(0);
    assertThat(vocabulary.id("a")).hasValue(1);
    assertThat(vocabulary.contains("a")).isTrue();
  }

  @Test
  void wordOutsideTheVocabularyHasTheIdOfUnknown() {
    Vocabulary vocabulary = new Vocabulary(List.of("a", "<unk>", "b"));

    assertThat(vocabulary.id("zebra")).hasValue(1);
    assertThat(vocabulary.contains("zebra")).isFalse();
  }

  @Test
  void wordOutsideAVocabularyWithoutUnknownHasNoId() {
    assertThat(new Vocabulary(List.of("a", "b")).id("zebra")).isEmpty();
  }

  @Test
  void repeatedWordIsRefused() {
    assertThatThrownBy(() -> new Vocabulary(List.of("a", "b", "a")))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessage("Word a stands twice");
  }

  private static WordCount count(String word, long count) {
    return new WordCount(word, count);
  }
}
