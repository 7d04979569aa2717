package org.sparklstm.checkpoint;

/**
 * The best epoch of a run so far.
 *
 * @param epoch from 0; −1: none is validated
 * @param valid its validation perplexity
 */
public record Best(int epoch, double valid) {
  /** Before the first epoch is validated. */
  public static final Best NONE = new Best(-1, Double.POSITIVE_INFINITY);

  /** The better of this epoch and another that came later; of equals the first. */
  public Best or(int later, double laterValid) {
    return laterValid < valid ? new Best(later, laterValid) : this;
  }

  /**
   * Whether a run should stop.
   *
   * @param epochs that are validated
   * @param patience epochs without a better one after which it stops; 0: it never does
   */
  public boolean stops(int epochs, int patience) {
    return patience > 0 && epochs - 1 - epoch >= patience;
  }
}
