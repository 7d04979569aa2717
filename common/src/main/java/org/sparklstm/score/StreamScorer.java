package org.sparklstm.score;

import java.util.Arrays;
import java.util.stream.IntStream;
import org.sparklstm.engine.Replica;
import org.sparklstm.model.LstmShape;
import org.sparklstm.text.Window;

/**
 * Scores a text as a stream from a zero state. The model may adapt to the text on the way: only
 * words that stand before a word change its probability.
 */
public final class StreamScorer {
  private static final int WINDOW = 64;

  private final Replica replica; // of one lane
  private final LstmShape shape;
  private final float[] trained;
  private final DynamicEvaluation dynamic;
  private final NeuralCache cache;
  private long windows;
  private boolean learned; // since the parameters were the trained ones

  /**
   * A scorer.
   *
   * @param replica of one lane, in its zero state
   * @param parameters of the model, not modified
   */
  public StreamScorer(
      Replica replica,
      LstmShape shape,
      float[] parameters,
      DynamicEvaluation dynamic,
      NeuralCache.Options cache) {
    this.replica = replica;
    this.shape = shape;
    this.trained = parameters;
    this.dynamic = dynamic;
    this.cache = new NeuralCache(cache);
    replica.setParameters(parameters);
  }

  /** Words of each window but the last one. */
  public static int window(DynamicEvaluation dynamic) {
    return dynamic.learns() ? DynamicEvaluation.WINDOW : WINDOW;
  }

  /**
   * Scores the next words.
   *
   * @param window of one lane, which begins where the one before ended
   * @return −ln p of each target
   */
  public double[] score(Window window) {
    return score(window, window.targets(), dynamic.learns());
  }

  /**
   * As above.
   *
   * @param ids the targets, where the model lacks a word {@link Tokenizer#NONE}
   * @param learns whether the model learns them
   */
  private double[] score(Window window, int[] ids, boolean learns) {
    windows++;
    if (!learns) {
      return predict(window, ids);
    }
    float[] state = replica.laneState();
    double[] nats = predict(window, ids);
    replica.setLaneState(state);
    dynamic.learn(replica, window, windows, trained);
    learned = true;
    return nats;
  }

  /**
   * Scores a whole text by itself: what was scored before changes nothing.
   *
   * @param start the word that the text follows
   * @param ids of its words
   * @return −ln p of each of {@code ids}; NaN for {@link Tokenizer#NONE}, which the model does not
   *     learn, nor the other words of its window
   */
  public double[] score(int start, int[] ids) {
    replica.clearLane(0);
    cache.clear();
    windows = 0;
    if (learned) {
      replica.setParameters(trained);
      learned = false;
    }
    double[] nats = new double[ids.length];
    int length = window(dynamic);
    for (int from = 0; from < ids.length; from += length) {
      int to = Math.min(from + length, ids.length);
      int[] ofWindow = Arrays.copyOfRange(ids, from, to);
      int[] targets = Arrays.stream(ofWindow).map(id -> Math.max(id, 0)).toArray();
      int[] inputs =
          IntStream.range(from, to).map(i -> i == 0 ? start : Math.max(ids[i - 1], 0)).toArray();
      Window window = new Window(0, 0, 1, to - from, inputs, targets);
      boolean isLast = to == ids.length; // then there is nothing to learn it for
      boolean learns = dynamic.learns() && !isLast && Arrays.equals(ofWindow, targets);
      double[] scored = score(window, ofWindow, learns);
      for (int i = from; i < to; i++) {
        nats[i] = ids[i] < 0 ? Double.NaN : scored[i - from];
      }
    }
    return nats;
  }

  private double[] predict(Window window, int[] ids) {
    if (!cache.isUsed()) {
      return replica.score(window);
    }
    double[] nats = new double[window.length()];
    for (int t = 0; t < nats.length; t++) { // the cache needs the state of each word
      int target = window.targets()[t];
      int[] input = {window.inputs()[t]};
      double model = replica.score(new Window(0, 0, 1, 1, input, new int[] {target}))[0];
      float[] hidden = topHidden();
      nats[t] = cache.nats(hidden, target, model);
      if (ids[t] != Tokenizer.NONE) {
        cache.add(hidden, target);
      }
    }
    return nats;
  }

  /** The hidden state of the top layer. */
  private float[] topHidden() {
    int top = shape.stateOffset(shape.layers() - 1);
    return Arrays.copyOfRange(replica.laneState(), top, top + shape.outputSize());
  }
}
