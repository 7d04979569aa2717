package org.sparklstm.app;

import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Iterator;
import java.util.List;
import java.util.Locale;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.sparklstm.engine.Engines;
import org.sparklstm.engine.LossSum;
import org.sparklstm.engine.Replica;
import org.sparklstm.error.InputException;
import org.sparklstm.run.SavedModel;
import org.sparklstm.score.DynamicEvaluation;
import org.sparklstm.score.NeuralCache;
import org.sparklstm.score.StreamScorer;
import org.sparklstm.text.Vocabulary;
import org.sparklstm.text.Window;

/**
 * Evaluates a text as one stream, as the test part is evaluated after training: from a zero state,
 * and each word but the first is predicted.
 */
public final class EvalJob {
  private static final Logger LOG = LoggerFactory.getLogger(EvalJob.class);
  private static final Duration LOG_INTERVAL = Duration.ofSeconds(30);

  private final List<SavedModel> models;
  private final DynamicEvaluation dynamic;
  private final NeuralCache.Options cache;
  private final Vocabulary vocabulary;

  /**
   * An evaluation.
   *
   * @param models of the same vocabulary. Several are an ensemble: each word has the mean of the
   *     probabilities that they give it
   * @param dynamic how each of them learns a text on the way
   * @param cache that each of them has
   */
  public EvalJob(List<SavedModel> models, DynamicEvaluation dynamic, NeuralCache.Options cache) {
    this.models = List.copyOf(models);
    this.dynamic = dynamic;
    this.cache = cache;
    this.vocabulary = models.get(0).vocabulary();
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
    List<Replica> replicas = new ArrayList<>();
    List<StreamScorer> scorers = new ArrayList<>();
    try {
      for (SavedModel model : models) {
        Replica replica = Engines.here(model.shape()).replica(model.shape(), 1);
        replicas.add(replica);
        scorers.add(new StreamScorer(replica, model.shape(), model.parameters(), dynamic, cache));
      }
      Stream stream = new Stream(name, words, listener);
      stream.run(scorers);
      return stream.evaluation();
    } finally {
      replicas.forEach(Replica::close);
    }
  }

  /**
   * What an ensemble says of some words.
   *
   * @param ofModels −ln p of each word, by each model
   * @return −ln of the mean of the models' p, for each word
   */
  private static double[] ensemble(List<double[]> ofModels) {
    double[] nats = new double[ofModels.get(0).length];
    for (int i = 0; i < nats.length; i++) {
      int word = i;
      double least = ofModels.stream().mapToDouble(scores -> scores[word]).min().orElseThrow();
      double sum =
          ofModels.stream().mapToDouble(scores -> Math.exp(least - scores[word])).sum(); // 1 … M
      nats[i] = least - Math.log(sum / ofModels.size());
    }
    return nats;
  }

  /** A text on its way through the models. */
  private final class Stream {
    private final String name;
    private final Iterator<String> words;
    private final WordListener listener;
    private final String[] window = new String[StreamScorer.window(dynamic)];
    private long logged = System.nanoTime();
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

    void run(List<StreamScorer> scorers) {
      if (!words.hasNext()) {
        return;
      }
      String first = words.next();
      int before = id(first);
      count(first, before, Double.NaN);
      while (words.hasNext()) {
        int length = 0;
        int[] targets = new int[window.length];
        while (length < window.length && words.hasNext()) {
          window[length] = words.next();
          targets[length] = id(window[length]);
          length++;
        }
        targets = Arrays.copyOf(targets, length);
        int[] inputs = new int[length];
        inputs[0] = before;
        System.arraycopy(targets, 0, inputs, 1, length - 1);
        Window next = new Window(0, 0, 1, length, inputs, targets);
        double[] scores = ensemble(scorers.stream().map(scorer -> scorer.score(next)).toList());
        for (int t = 0; t < length; t++) {
          count(window[t], targets[t], scores[t]);
        }
        before = targets[length - 1];
        logNowAndThen();
      }
    }

    private void logNowAndThen() {
      long now = System.nanoTime();
      if (now - logged > LOG_INTERVAL.toNanos()) {
        logged = now;
        double perplexity = Math.exp(nats / tokens);
        LOG.info(
            String.format(Locale.ROOT, "%s: %,d words, perplexity %.1f", name, tokens, perplexity));
      }
    }

    private int id(String word) {
      return vocabulary
          .id(word)
          .orElseThrow(
              () ->
                  new InputException(
                      "Cannot evaluate %s: the model does not know '%s', and has no %s to stand for it"
                          .formatted(name, word, Vocabulary.UNKNOWN)));
    }

    private void count(String word, int id, double score) {
      boolean isUnknown = vocabulary.words().get(id).equals(Vocabulary.UNKNOWN);
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
