package org.sparklstm.text;

import java.io.Serializable;

/**
 * The word ids of a stretch of some neighbouring lanes: what a worker trains on, or a part of it.
 *
 * @param firstLane number of the first of these lanes in the whole batch
 * @param firstWindow number of the first of these windows in the epoch
 * @param window T, inputs of a window
 * @param tokens [lanes][predictions + 1] word ids
 * @param shift of the places where whole windows begin
 */
@SuppressWarnings("ArrayRecordComponent") // large, shared read-only, never compared
public record LaneShard(
    int firstLane, int firstWindow, int window, int[][] tokens, WindowShift shift)
    implements Serializable {

  /** A stretch whose windows all have the same length but for a shorter last one. */
  public LaneShard(int firstLane, int firstWindow, int window, int[][] tokens) {
    this(firstLane, firstWindow, window, tokens, WindowShift.NONE);
  }

  /** Lanes from their beginning. */
  public LaneShard(int firstLane, int window, int[][] tokens) {
    this(firstLane, 0, window, tokens);
  }

  /** The same words in windows that begin elsewhere. */
  LaneShard with(WindowShift other) {
    return new LaneShard(firstLane, firstWindow, window, tokens, other);
  }

  /** {@return how many lanes it has} */
  public int lanes() {
    return tokens.length;
  }

  /** Windows in each lane, a shorter last one included. */
  public int windows() {
    return predictions() / window + (predictions() % window == 0 ? 0 : 1);
  }

  private int predictions() {
    return tokens[0].length - 1;
  }

  /** The number in the epoch of the window behind the last one. */
  public int endWindow() {
    return firstWindow + windows();
  }

  /**
   * Where a window begins: the place of its first input in each lane.
   *
   * @param index number of the window in the epoch
   */
  public int start(int index) {
    int fixed = (index - firstWindow) * window;
    return fixed + window <= predictions() ? fixed + shift.of(index) : fixed;
  }

  /**
   * T of a window.
   *
   * @param index number of the window in the epoch
   */
  public int length(int index) {
    int end = index + 1 < endWindow() ? start(index + 1) : predictions();
    return end - start(index);
  }

  /**
   * A window of all these lanes.
   *
   * @param index number of the window in the epoch
   */
  public Window window(int index) {
    int start = start(index);
    int length = length(index);
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
