package org.sparklstm.text;

import java.io.Serializable;

/**
 * The word ids of some neighbouring lanes, whole: what one worker trains on.
 *
 * @param firstLane number of the first of these lanes in the whole batch
 * @param window T, inputs of a window
 * @param tokens [lanes][predictions + 1] word ids
 */
@SuppressWarnings("ArrayRecordComponent") // large, shared read-only, never compared
public record LaneShard(int firstLane, int window, int[][] tokens) implements Serializable {

  public int lanes() {
    return tokens.length;
  }

  /** Windows in each lane, a shorter last one included. */
  public int windows() {
    int predictions = tokens[0].length - 1;
    return predictions / window + (predictions % window == 0 ? 0 : 1);
  }

  /** Window {@code index} of all these lanes. */
  public Window window(int index) {
    int start = index * window;
    int length = Math.min(window, tokens[0].length - 1 - start);
    int[] inputs = new int[length * lanes()];
    int[] targets = new int[length * lanes()];
    for (int t = 0; t < length; t++) {
      for (int b = 0; b < lanes(); b++) {
        inputs[t * lanes() + b] = tokens[b][start + t];
        targets[t * lanes() + b] = tokens[b][start + t + 1];
      }
    }
    return new Window(index, firstLane, lanes(), length, inputs, targets);
  }
}
