package org.sparklstm.engine.torch;

import java.util.Arrays;
import org.bytedeco.pytorch.Tensor;
import org.sparklstm.text.LaneShard;

/**
 * The stretch of text that a replica read last, on its device: a worker's rounds go on where the
 * last one ended, mostly in the same stretch.
 */
final class DeviceText implements AutoCloseable {
  private final Tensors tensors;
  private final NativeMemory memory = new NativeMemory();
  private int[][] copied; // word ids that are on the device; null before the first ones
  private Tensor words;

  DeviceText(Tensors tensors) {
    this.tensors = tensors;
  }

  /**
   * Copies a stretch to the device, unless it is there.
   *
   * @param wanted never changed
   * @return its word ids, [lanes, predictions + 1] integers of 32 bits
   */
  @SuppressWarnings("ArrayEquals") // equal words take as long to compare as to copy
  Tensor of(LaneShard wanted) {
    if (copied != wanted.tokens()) {
      close();
      Tensor copy =
          tensors.of(Arrays.stream(wanted.tokens()).flatMapToInt(Arrays::stream).toArray());
      words = memory.keep(copy.view(wanted.lanes(), -1));
      copied = wanted.tokens();
    }
    return words;
  }

  /** Frees it. */
  @Override
  public void close() {
    copied = null;
    memory.close();
  }
}
