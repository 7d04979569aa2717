package org.sparklstm.score;

import java.io.Serializable;

/**
 * How words that the vocabulary lacks count. A model finds {@code <unk>} likely, because it stands
 * for many words; so a text of rare words, or of garbage, would look likely.
 *
 * @param mode what is done
 * @param words N, how many words there are in the language, of which the model knows V; for {@link
 *     Mode#PENALISE} alone
 */
public record UnknownWords(Mode mode, long words) implements Serializable {

  /** What is done with words that the vocabulary lacks. */
  public enum Mode {
    /** Each has the probability of {@code <unk>} / (N − V): they share it (Heafield, KenLM). */
    PENALISE,
    /** They do not count, neither in Σ −ln p nor in the number of predictions. */
    EXCLUDE,
    /** Each counts as {@code <unk>}, as in training. */
    COUNT
  }

  /**
   * What the model says of a text.
   *
   * @param tokenizer that made the ids
   * @param ids of words and line ends
   * @param nats −ln p of each of {@code ids}
   * @throws IllegalArgumentException if N is not more than V
   */
  public TextScore score(Tokenizer tokenizer, int[] ids, double[] nats) {
    int unknownId = tokenizer.unknown();
    double penalty =
        mode == Mode.PENALISE ? Math.log((double) others(tokenizer.vocabulary().size())) : 0;
    double sum = 0;
    int ends = 0;
    int unknown = 0;
    for (int i = 0; i < ids.length; i++) {
      if (ids[i] == unknownId) {
        unknown++;
        sum += mode == Mode.EXCLUDE ? 0 : nats[i] + penalty;
      } else {
        ends += ids[i] == tokenizer.start() ? 1 : 0;
        sum += nats[i];
      }
    }
    int predictions = mode == Mode.EXCLUDE ? ids.length - unknown : ids.length;
    return new TextScore(sum, predictions, ids.length - ends, unknown);
  }

  /** N − V, the words that share the probability of {@code <unk>}. */
  public long others(int vocabularySize) {
    if (words <= vocabularySize) {
      throw new IllegalArgumentException(
          "%s words in all are not more than the %s of the vocabulary"
              .formatted(words, vocabularySize));
    }
    return words - vocabularySize;
  }
}
