package org.sparklstm.text;

import java.io.Serializable;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.Comparator;
import java.util.HashMap;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.OptionalInt;

/**
 * The words of a model in id order: most frequent first, words of equal count in code-point order.
 */
public final class Vocabulary implements Serializable {
  /** Ends each line of text. */
  public static final String END_OF_SENTENCE = "<eos>";

  /** Stands for every word outside the vocabulary. */
  public static final String UNKNOWN = "<unk>";

  /** A word and how often it occurs in the training text. */
  public record WordCount(String word, long count) {}

  private final String[] words; // Kryo, which other pipelines use, cannot read List.of
  private final Map<String, Integer> ids;

  /**
   * A vocabulary of {@code words} in id order.
   *
   * @throws IllegalArgumentException on a repeated word
   */
  public Vocabulary(List<String> words) {
    this.words = words.toArray(String[]::new);
    this.ids = new HashMap<>(2 * words.size());
    for (int id = 0; id < words.size(); id++) {
      if (ids.put(words.get(id), id) != null) {
        throw new IllegalArgumentException("Word %s stands twice".formatted(words.get(id)));
      }
    }
  }

  /**
   * Reads words back that were written one a line, in id order.
   *
   * @throws IllegalArgumentException on a repeated word, or a line that is not one word
   */
  public static Vocabulary ofLines(String text) {
    List<String> words = List.of(text.split("\n"));
    for (int id = 0; id < words.size(); id++) {
      String word = words.get(id);
      if (word.isEmpty() || word.codePoints().anyMatch(WhiteSpace::is)) {
        throw new IllegalArgumentException(
            "A vocabulary has one word a line: line %s is '%s'".formatted(id + 1, word));
      }
    }
    return new Vocabulary(words);
  }

  /**
   * Orders words by (−count, word) and cuts them to {@code size}: when there are more, the rarest
   * become {@code <unk>}, which then counts for all of them and is itself one of the {@code size}.
   *
   * @param mostFrequent the {@code size} most frequent words other than {@code <unk>}, or all of
   *     them, in the order (−count, word)
   * @param total the number of tokens of the text, those of words not in {@code mostFrequent}
   *     included
   * @param distinct the number of distinct words to choose from, without {@code <unk>}
   * @param unknownCount how often {@code <unk>} itself, and words that are not to choose from,
   *     occur
   */
  public static Vocabulary ofCounts(
      List<WordCount> mostFrequent, long total, long distinct, long unknownCount, int size) {
    boolean cut = distinct + (unknownCount > 0 ? 1 : 0) > size;
    List<WordCount> kept = new ArrayList<>(cut ? mostFrequent.subList(0, size - 1) : mostFrequent);
    long known = kept.stream().mapToLong(WordCount::count).sum();
    if (total > known) {
      kept.add(new WordCount(UNKNOWN, total - known));
    }
    kept.sort(
        Comparator.comparingLong(WordCount::count)
            .reversed()
            .thenComparing(WordCount::word, Vocabulary::compareCodePoints));
    return new Vocabulary(kept.stream().map(WordCount::word).toList());
  }

  /** The order of code points, which is that of UTF-8 bytes and so Spark's and Python's. */
  private static int compareCodePoints(String a, String b) {
    return Arrays.compareUnsigned(
        a.getBytes(StandardCharsets.UTF_8), b.getBytes(StandardCharsets.UTF_8));
  }

  /** All words in id order. */
  public List<String> words() {
    return Collections.unmodifiableList(Arrays.asList(words));
  }

  /** Hexadecimal sha-256 of the words in id order, one a line. */
  public String digest() {
    try {
      MessageDigest sha256 = MessageDigest.getInstance("SHA-256");
      for (String word : words) {
        sha256.update((word + "\n").getBytes(StandardCharsets.UTF_8));
      }
      return HexFormat.of().formatHex(sha256.digest());
    } catch (NoSuchAlgorithmException e) {
      throw new AssertionError("Every Java platform has SHA-256", e);
    }
  }

  /** {@return V, how many words it has, {@code <unk>} included} */
  public int size() {
    return words.length;
  }

  /**
   * Whether the vocabulary has a word itself.
   *
   * @param word any
   * @return false also for one that {@link #id} takes for {@code <unk>}
   */
  public boolean contains(String word) {
    return ids.containsKey(word);
  }

  /** The id of {@code word}, else that of {@code <unk>}; empty if the vocabulary has neither. */
  public OptionalInt id(String word) {
    Integer id = ids.getOrDefault(word, ids.get(UNKNOWN));
    return id == null ? OptionalInt.empty() : OptionalInt.of(id);
  }
}
