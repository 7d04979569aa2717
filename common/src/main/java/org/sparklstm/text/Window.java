package org.sparklstm.text;

/**
 * One step of truncated back-propagation: T inputs of B neighbouring lanes, and the words that
 * follow them.
 *
 * @param index position of the window in its epoch, from 0
 * @param firstLane number of the first lane in the whole batch, from 0
 * @param lanes B, lanes of this window
 * @param length T, time steps
 * @param inputs word ids, time-major [T, B]: lane b at step t is {@code inputs[t * lanes + b]}
 * @param targets the next word's id for each input, [T, B]
 */
@SuppressWarnings("ArrayRecordComponent") // handed to an engine at once, never compared
public record Window(int index, int firstLane, int lanes, int length, int[] inputs, int[] targets) {

  /**
   * Checks the lengths.
   *
   * @throws IllegalArgumentException if an array has another length
   */
  public Window {
    if (inputs.length != lanes * length || targets.length != lanes * length) {
      throw new IllegalArgumentException(
          "A window of %s lanes and %s steps needs %s inputs and targets, has %s and %s"
              .formatted(lanes, length, lanes * length, inputs.length, targets.length));
    }
  }
}
