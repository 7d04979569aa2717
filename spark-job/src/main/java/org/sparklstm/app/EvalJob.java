package org.sparklstm.app;

import java.util.Arrays;
import java.util.Iterator;
import org.sparklstm.engine.Engines;
import org.sparklstm.engine.LossSum;
import org.sparklstm.engine.Replica;
import org.sparklstm.error.InputException;
import org.sparklstm.run.SavedModel;
import org.sparklstm.text.Vocabulary;
import org.sparklstm.text.Window;

/**
 * Evaluates a text as one stream, as the test part is evaluated after training: from a zero state,
 * and each word but the first is predicted.
 */
public final class EvalJob {
  private static final int WINDOW = 64;

  private final SavedModel model;

  /**
   * An evaluation.
   *
   * @param model that predicts
   */
  public EvalJob(SavedModel model) {
    this.model = model;
  }

  /** Takes each word of a text in its order. */
  public interface WordListener {

    /**
     * A word.
     *
     * @param id in the vocabulary
     * @param unknown whether the vocabulary lacks the word, or it is {@code <unk>} itself
     * @param nats −ln p; NaN of the text's first word
     */
    void scored(String word, int id, boolean unknown, double nats);
  }

  /**
   * What the model says of a text.
   *
   * @param all of its words but the first, and its line ends
   * @param known of those that are not unknown
   * @param unknown words, the first included
   */
  public record Evaluation(LossSum all, LossSum known, long unknown) {}

  /**
   * Evaluates a text.
   *
   * @param name of it, for messages
   * @param words with {@code <eos>} for each line end
   * @throws InputException if it has less than two words, or words that the model cannot read
   */
  public Evaluation evaluate(String name, Iterator<String> words, WordListener listener) {
    try (Replica replica = Engines.here(model.shape()).replica(model.shape(), 1)) {
      replica.setParameters(model.parameters());
      Stream stream = new Stream(name, words, listener);
      stream.run(replica);
      return stream.evaluation();
    }
  }

  /** A text on its way through a replica. */
  private final class Stream {
    private final String name;
    private final Iterator<String> words;
    private final WordListener listener;
    private final String[] window = new String[WINDOW];
    private double nats;
    private long tokens;
    private double knownNats;
    private long knownTokens;
    private long unknown;

    Stream(String name, Iterator<String> words, WordListener listener) {
      this.name = name;
      this.words = words;
      this.listener = listener;
    }

    void run(Replica replica) {
      if (!words.hasNext()) {
        return;
      }
      String first = words.next();
      int before = id(first);
      count(first, before, Double.NaN);
      while (words.hasNext()) {
        int length = 0;
        int[] targets = new int[WINDOW];
        while (length < WINDOW && words.hasNext()) {
          window[length] = words.next();
          targets[length] = id(window[length]);
          length++;
        }
        targets = Arrays.copyOf(targets, length);
        int[] inputs = new int[length];
        inputs[0] = before;
        System.arraycopy(targets, 0, inputs, 1, length - 1);
        double[] scores = replica.score(new Window(0, 0, 1, length, inputs, targets));
        for (int t = 0; t < length; t++) {
          count(window[t], targets[t], scores[t]);
        }
        before = targets[length - 1];
      }
    }

    private int id(String word) {
      return model
          .vocabulary()
          .id(word)
          .orElseThrow(
              () ->
                  new InputException(
                      "Cannot evaluate %s: the model does not know '%s', and has no %s to stand for it"
                          .formatted(name, word, Vocabulary.UNKNOWN)));
    }

    private void count(String word, int id, double score) {
      boolean isUnknown = model.vocabulary().words().get(id).equals(Vocabulary.UNKNOWN);
      unknown += isUnknown ? 1 : 0;
      if (!Double.isNaN(score)) {
        nats += score;
        tokens++;
        knownNats += isUnknown ? 0 : score;
        knownTokens += isUnknown ? 0 : 1;
      }
      listener.scored(word, id, isUnknown, score);
    }

    Evaluation evaluation() {
      if (tokens == 0) {
        throw new InputException("Cannot evaluate %s: it has less than two words".formatted(name));
      }
      return new Evaluation(
          new LossSum(nats, tokens), new LossSum(knownNats, knownTokens), unknown);
    }
  }
}
