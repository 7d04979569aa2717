package org.sparklstm.score;

/**
 * What a model says of a text.
 *
 * @param nats Σ −ln p over what counts
 * @param predictions that count: words, and the ends of lines
 * @param tokens words, all of them
 * @param unknown words that the vocabulary lacks
 */
public record TextScore(double nats, int predictions, int tokens, int unknown) {

  /** exp(nats / predictions); NaN where nothing counts or a word has no probability. */
  public double perplexity() {
    return Math.exp(nats / predictions);
  }
}
