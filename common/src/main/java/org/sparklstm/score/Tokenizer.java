package org.sparklstm.score;

import java.io.Serializable;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.OptionalInt;
import java.util.stream.Collectors;
import org.sparklstm.text.Normalization;
import org.sparklstm.text.Vocabulary;
import org.sparklstm.text.WhiteSpace;

/**
 * Turns a text into the word ids that a model predicts. Words are separated by white space, and
 * {@code <eos>} ends each line, as in training.
 *
 * @param start what the state of a sequence reads first: the id of {@code <eos>}
 * @param state what a sequence is
 * @param maxTokens words of a text that count; what follows them is left out
 * @param normalization of a text before it is cut into words
 */
public record Tokenizer(
    Vocabulary vocabulary, int start, State state, int maxTokens, Normalization normalization)
    implements Serializable {

  /** Where the recurrent state begins anew. */
  public enum State {
    /** Each line of a text by itself, as cc_net scores documents. */
    LINE,
    /** A text as a whole: each line follows those before it. */
    DOCUMENT
  }

  /** The id of words that the vocabulary lacks, where it has no {@code <unk>} for them. */
  public static final int NONE = -1;

  /**
   * A tokenizer.
   *
   * @throws IllegalArgumentException if the vocabulary has no {@code <eos>}
   */
  public static Tokenizer of(
      Vocabulary vocabulary, State state, int maxTokens, Normalization normalization) {
    if (!vocabulary.contains(Vocabulary.END_OF_SENTENCE)) {
      throw new IllegalArgumentException(
          "Cannot score lines: the vocabulary has no " + Vocabulary.END_OF_SENTENCE);
    }
    int start = vocabulary.id(Vocabulary.END_OF_SENTENCE).orElseThrow();
    return new Tokenizer(vocabulary, start, state, maxTokens, normalization);
  }

  /** The id of {@code <unk>}, or {@link #NONE}. */
  public int unknown() {
    return id(Vocabulary.UNKNOWN);
  }

  private int id(String word) {
    OptionalInt id = vocabulary.id(word);
    return id.isPresent() ? id.getAsInt() : NONE;
  }

  /**
   * The sequences of a text. Its lines end at U+000A, the last one also without it.
   *
   * @return ids of words and line ends of each sequence; none for a text without words
   */
  public List<int[]> encode(String written) {
    String text = normalization.apply(written);
    Sequences sequences = new Sequences();
    int length = text.length();
    int begin = -1; // of the word at hand
    for (int i = 0; i < length && sequences.hasRoom(); ) {
      int c = text.codePointAt(i);
      if (!WhiteSpace.is(c)) {
        begin = begin < 0 ? i : begin;
      } else if (begin >= 0) {
        sequences.add(id(text.substring(begin, i)));
        begin = -1;
      }
      if (c == '\n') {
        sequences.endLine();
      }
      i += Character.charCount(c);
    }
    if (begin >= 0 && sequences.hasRoom()) {
      sequences.add(id(text.substring(begin)));
    }
    return sequences.end(length > 0 && text.charAt(length - 1) == '\n');
  }

  /**
   * The sequences of a text that is cut into words already. {@code <eos>} ends a line, and the last
   * line also ends without it.
   *
   * @param tokens of which null is an unknown word
   * @return ids of words and line ends of each sequence; none for a text without words
   */
  public List<int[]> encode(List<String> tokens) {
    if (normalization != Normalization.NONE) { // which may cut words once more
      return encode(tokens.stream().map(Tokenizer::written).collect(Collectors.joining(" ")));
    }
    Sequences sequences = new Sequences();
    boolean ended = false;
    for (String token : tokens) {
      if (!sequences.hasRoom()) {
        break;
      }
      ended = Vocabulary.END_OF_SENTENCE.equals(token);
      if (ended) {
        sequences.endLine();
      } else {
        sequences.add(id(token));
      }
    }
    return sequences.end(ended);
  }

  private static String written(String token) {
    if (token == null) {
      return Vocabulary.UNKNOWN;
    }
    return token.equals(Vocabulary.END_OF_SENTENCE) ? "\n" : token;
  }

  /** The sequences of a text while it is read. */
  private final class Sequences {
    private final List<int[]> done = new ArrayList<>();
    private int[] ids = new int[32];
    private int size;
    private int words;

    /** Whether another word counts. */
    boolean hasRoom() {
      return words < maxTokens;
    }

    void add(int id) {
      append(id);
      words++;
    }

    void endLine() {
      append(start);
      if (state == State.LINE) {
        close();
      }
    }

    /** What was read, with the end of a last line that has none of its own. */
    List<int[]> end(boolean ended) {
      if (hasRoom() && !ended) {
        append(start);
      }
      if (size > 0) {
        close();
      }
      return words > 0 ? done : List.of();
    }

    private void append(int id) {
      if (size == ids.length) {
        ids = Arrays.copyOf(ids, 2 * size);
      }
      ids[size++] = id;
    }

    private void close() {
      done.add(Arrays.copyOf(ids, size));
      size = 0;
    }
  }
}
