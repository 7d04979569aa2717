package org.sparklstm.engine.torch;

import org.bytedeco.pytorch.Scalar;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch.ScalarType;
import org.sparklstm.engine.DropoutNoise;
import org.sparklstm.engine.Regularisation;

/**
 * {@link DropoutNoise} drawn on the device, to the same bits: its masks would be megabytes to copy
 * there in each window.
 */
final class TorchNoise {
  private static final long GOLDEN_GAMMA = 0x9E3779B97F4A7C15L;

  private TorchNoise() {}

  /**
   * The keys of the masks of windows [from, to).
   *
   * @param firstLane of B lanes
   * @param layers L
   * @return [to − from, L + 1, B]
   */
  static long[] keys(int from, int to, int firstLane, int lanes, long noiseSeed, int layers) {
    long[] keys = new long[Math.multiplyExact(to - from, (layers + 1) * lanes)];
    int at = 0;
    for (int window = from; window < to; window++) {
      for (int layer = 0; layer <= layers; layer++) {
        for (int lane = firstLane; lane < firstLane + lanes; lane++) {
          keys[at++] = DropoutNoise.key(noiseSeed, window, lane, layer);
        }
      }
    }
    return keys;
  }

  /**
   * What the activations that enter each layer are multiplied with.
   *
   * @param keys [L + 1, B]
   * @param length T
   * @param units H
   * @return [L + 1, T, B, H], or [L + 1, 1, B, H] for locked masks
   */
  static Tensor factors(
      Tensors tensors, Tensor keys, Regularisation regularisation, int length, int units) {
    float keep = regularisation.keepProbability();
    long steps = regularisation.masks(length);
    Tensor counters =
        tensors
            .range(steps * units)
            .mul_(new Scalar(GOLDEN_GAMMA))
            .view(1, steps, 1, units)
            .add(keys.view(keys.size(0), 1, keys.size(1), 1));
    long kept = (long) Math.ceil(keep * 0x1p24); // of 2^24 equally likely values
    return shifted(mix(counters), 40)
        .lt(new Scalar(kept))
        .to(ScalarType.Float)
        .mul_(new Scalar(1 / keep));
  }

  /** SplitMix64's finaliser, in place. */
  private static Tensor mix(Tensor z) {
    z.bitwise_xor_(shifted(z, 30)).mul_(new Scalar(0xBF58476D1CE4E5B9L));
    z.bitwise_xor_(shifted(z, 27)).mul_(new Scalar(0x94D049BB133111EBL));
    return z.bitwise_xor_(shifted(z, 31));
  }

  /** z >>> bits; libtorch has only the shift that keeps the sign. */
  private static Tensor shifted(Tensor z, int bits) {
    return z.bitwise_right_shift(new Scalar((long) bits)).bitwise_and_(new Scalar(-1L >>> bits));
  }
}
