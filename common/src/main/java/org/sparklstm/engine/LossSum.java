package org.sparklstm.engine;

import java.io.Serializable;

/**
 * Σ −ln p over predicted words: summed first, divided once.
 *
 * @param nats Σ −ln p of the target words, in nats
 * @param tokens number of target words
 */
public record LossSum(double nats, long tokens) implements Serializable {
  /** Of no words. */
  public static final LossSum ZERO = new LossSum(0, 0);

  /**
   * Adds the loss of other words.
   *
   * @param other their loss
   * @return the loss of all
   */
  public LossSum plus(LossSum other) {
    return new LossSum(nats + other.nats, tokens + other.tokens);
  }

  /** {@return exp(Σ −ln p / tokens): the perplexity of a uniform model over V words is V} */
  public double perplexity() {
    return Math.exp(nats / tokens);
  }
}
