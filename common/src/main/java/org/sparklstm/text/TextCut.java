package org.sparklstm.text;

import java.io.Serializable;

/**
 * How a text is cut: into B parallel lanes of ⌊tokens / B⌋ consecutive tokens each, and each lane
 * into windows of T inputs with the same T tokens shifted by one as targets. What is left over at
 * the end of the text and of each lane is dropped: nothing is padded or wrapped.
 *
 * @param tokens length of the text
 * @param lanes B
 * @param window T
 * @param keepPartialWindow whether the shorter window that remains at the end of each lane is kept,
 *     as evaluation over every token needs
 */
public record TextCut(long tokens, int lanes, int window, boolean keepPartialWindow)
    implements Serializable {

  /** Tokens of each lane. */
  public long laneLength() {
    return tokens / lanes;
  }

  /** Predictions in each lane over all its windows. */
  public long predictions() {
    long most = Math.max(0, laneLength() - 1);
    return keepPartialWindow ? most : most / window * window;
  }

  /** Windows in each lane. */
  public int windows() {
    return Math.toIntExact((predictions() + window - 1) / window);
  }

  /** Inputs of window {@code index}: T, or what remains in a partial last window. */
  public int windowLength(long index) {
    return (int) Math.min(window, predictions() - index * window);
  }
}
