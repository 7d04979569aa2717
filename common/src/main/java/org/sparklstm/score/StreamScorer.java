package org.sparklstm.score;

import java.util.Arrays;
import org.sparklstm.engine.Replica;
import org.sparklstm.model.LstmShape;
import org.sparklstm.text.Window;

/**
 * Scores one text as a stream from a zero state. The model may adapt to the text on the way: only
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

  /**
   * A scorer of one text.
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
    windows++;
    if (!dynamic.learns()) {
      return predict(window);
    }
    float[] state = replica.laneState();
    double[] nats = predict(window);
    replica.setLaneState(state);
    dynamic.learn(replica, window, windows, trained);
    return nats;
  }

  private double[] predict(Window window) {
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
      cache.add(hidden, target);
    }
    return nats;
  }

  /** The hidden state of the top layer. */
  private float[] topHidden() {
    int top = shape.stateOffset(shape.layers() - 1);
    return Arrays.copyOfRange(replica.laneState(), top, top + shape.outputSize());
  }
}
