package org.sparklstm.score;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.sparklstm.score.Tokenizer.State;
import org.sparklstm.text.Normalization;
import org.sparklstm.text.Vocabulary;

class TokenizerTest {
  private static final Vocabulary WORDS = new Vocabulary(List.of("<eos>", "a", "b", "<unk>"));

  private static String text(List<int[]> sequences) {
    return String.join(" | ", sequences.stream().map(ids -> Arrays.toString(ids)).toList());
  }

  private static Tokenizer tokenizer(State state, int maxTokens) {
    return Tokenizer.of(WORDS, state, maxTokens, Normalization.NONE);
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = ';',
      value = {
        "'a b'; [1, 2, 0]; [1, 2, 0]",
        "'a b\n'; [1, 2, 0]; [1, 2, 0]",
        "'a\nb'; [1, 0] | [2, 0]; [1, 0, 2, 0]",
        "'a\r\n b\r\n'; [1, 0] | [2, 0]; [1, 0, 2, 0]",
        "'a\n\nb'; [1, 0] | [0] | [2, 0]; [1, 0, 0, 2, 0]",
        "'a c <unk> \u00a0b'; [1, 3, 3, 2, 0]; [1, 3, 3, 2, 0]",
        "'a <eos> b'; [1, 0, 2, 0]; [1, 0, 2, 0]"
      })
  void aLineIsASequenceOrPartOfTheDocumentsOne(String text, String lines, String document) {
    assertThat(text(tokenizer(State.LINE, 9).encode(text))).isEqualTo(lines);
    assertThat(text(tokenizer(State.DOCUMENT, 9).encode(text))).isEqualTo(document);
  }

  @ParameterizedTest
  @CsvSource({"''", "' '", "'\n'", "' \n \n'"})
  void aTextWithoutWordsHasNoSequence(String text) {
    assertThat(tokenizer(State.LINE, 9).encode(text)).isEmpty();
    assertThat(tokenizer(State.DOCUMENT, 9).encode(text)).isEmpty();
  }

  @Test
  void tokensThatAreCutAlreadyMayHaveTheirLineEnds() {
    assertThat(text(tokenizer(State.LINE, 9).encode(List.of("a", "b")))).isEqualTo("[1, 2, 0]");
    assertThat(text(tokenizer(State.LINE, 9).encode(List.of("a", "<eos>", "b", "<eos>"))))
        .isEqualTo("[1, 0] | [2, 0]");
    assertThat(text(tokenizer(State.LINE, 9).encode(Arrays.asList("a", null))))
        .isEqualTo("[1, 3, 0]");
    assertThat(tokenizer(State.LINE, 9).encode(List.of("<eos>"))).isEmpty();
  }

  @Test
  void normalizedTokensAreCutAnew() {
    Tokenizer normalizing = Tokenizer.of(WORDS, State.LINE, 9, Normalization.CC_NET);

    assertThat(text(normalizing.encode("Á\u0007 B—a\nb"))).isEqualTo("[1, 2, 3, 1, 0] | [2, 0]");
    assertThat(text(normalizing.encode(Arrays.asList("Á\u0007", "\u0007", "B—a", "<eos>", null))))
        .isEqualTo("[1, 2, 3, 1, 0] | [3, 0]");
  }

  @Test
  void wordsBehindTheMostAreLeftOutAndSoIsTheEndOfTheirLine() {
    assertThat(text(tokenizer(State.LINE, 2).encode("a b"))).isEqualTo("[1, 2]");
    assertThat(text(tokenizer(State.LINE, 2).encode("a\nb a"))).isEqualTo("[1, 0] | [2]");
    assertThat(text(tokenizer(State.DOCUMENT, 1).encode(List.of("a", "b")))).isEqualTo("[1]");
  }

  @Test
  void aVocabularyWithoutLineEndsIsRefused() {
    assertThatThrownBy(
            () ->
                Tokenizer.of(
                    new Vocabulary(List.of("a", "<unk>")), State.LINE, 9, Normalization.NONE))
        .hasMessage("Cannot score lines: the vocabulary has no <eos>");
  }

  @Test
  void aWordOutsideAVocabularyWithoutUnknownHasNoId() {
    Tokenizer tokenizer =
        Tokenizer.of(new Vocabulary(List.of("<eos>", "a")), State.LINE, 9, Normalization.NONE);

    assertThat(text(tokenizer.encode("b a"))).isEqualTo("[-1, 1, 0]");
    assertThat(tokenizer.unknown()).isEqualTo(Tokenizer.NONE);
  }
}
