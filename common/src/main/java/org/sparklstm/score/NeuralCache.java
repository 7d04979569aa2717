package org.sparklstm.score;

import java.io.Serializable;
import org.sparklstm.error.ConfigurationException;

/**
 * A neural cache (Grave, Joulin and Usunier 2017): a word that followed a state like the present
 * one is likely to follow it again. With h the hidden state of the top layer from which the model
 * predicts, and (h_i, w_i) the last N states and the words that followed them,
 *
 * <p>p(w) = (1 − weight) · p_model(w) + weight · Σ over i with w_i = w of exp(flatness · h·h_i) / Σ
 * over all i of exp(flatness · h·h_i).
 */
public final class NeuralCache {
  private final Options options;
  private final float[][] states;
  private final int[] words;
  private int size;
  private int next;

  /**
   * How a cache is used.
   *
   * @param words N; 0: no cache
   * @param weight in [0, 1)
   * @param flatness at least 0; 0: all states are alike
   */
  public record Options(int words, double weight, double flatness) implements Serializable {
    /**
     * Checks the numbers.
     *
     * @throws ConfigurationException if one is out of its range
     */
    public Options {
      if (words < 0 || words > 1_000_000) {
        throw new ConfigurationException("A cache must have 0 to 1000000 words, has " + words);
      }
      if (!(weight >= 0 && weight < 1)) {
        throw new ConfigurationException("The cache's weight must be in [0, 1), is " + weight);
      }
      if (!(flatness >= 0 && flatness < Double.POSITIVE_INFINITY)) {
        throw new ConfigurationException("The cache's flatness must be at least 0, is " + flatness);
      }
    }
  }

  /** An empty cache. */
  NeuralCache(Options options) {
    this.options = options;
    this.states = new float[options.words()][];
    this.words = new int[options.words()];
  }

  /** Forgets all words. */
  void clear() {
    size = 0;
    next = 0;
  }

  /** Whether it has room for a word. */
  boolean isUsed() {
    return words.length > 0;
  }

  /**
   * −ln p of a word.
   *
   * @param state h
   * @param nats −ln p of the word by the model alone
   */
  double nats(float[] state, int word, double nats) {
    if (size == 0) {
      return nats;
    }
    double[] exponents = new double[size];
    double largest = Double.NEGATIVE_INFINITY;
    for (int i = 0; i < size; i++) {
      exponents[i] = options.flatness() * dot(state, states[i]);
      largest = Math.max(largest, exponents[i]);
    }
    double all = 0;
    double ofWord = 0;
    for (int i = 0; i < size; i++) {
      double share = Math.exp(exponents[i] - largest);
      all += share;
      ofWord += words[i] == word ? share : 0;
    }
    double weight = options.weight();
    return -Math.log((1 - weight) * Math.exp(-nats) + weight * ofWord / all);
  }

  private static double dot(float[] a, float[] b) {
    double sum = 0;
    for (int i = 0; i < a.length; i++) {
      sum += (double) a[i] * b[i];
    }
    return sum;
  }

  /**
   * Keeps a state and the word that followed it, in place of the oldest if the cache is full.
   *
   * @param state kept, and so not to be modified any more
   */
  void add(float[] state, int word) {
    states[next] = state;
    words[next] = word;
    next = (next + 1) % words.length;
    size = Math.min(size + 1, words.length);
  }
}
