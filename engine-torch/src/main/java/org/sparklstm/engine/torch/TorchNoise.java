package org.sparklstm.engine.torch;

import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.bytedeco.javacpp.PointerScope;
import org.bytedeco.pytorch.Scalar;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.TensorVector;
import org.bytedeco.pytorch.global.torch;
import org.bytedeco.pytorch.global.torch.ScalarType;
import org.sparklstm.engine.Dropout;
import org.sparklstm.engine.DropoutNoise;
import org.sparklstm.model.LstmShape;

/**
 * The {@link DropoutNoise} of one window drawn on the device, to the same bits: its masks would be
 * megabytes to copy there in each window.
 */
final class TorchNoise implements TorchNetwork.Noise {
  private static final long GOLDEN_GAMMA = 0x9E3779B97F4A7C15L;
  private static final int BITS = 24; // of a hash, that an activation's or a word's fate depends on
  private static final int WEIGHT_BITS = 16;

  private final Tensors tensors;
  private final Dropout dropout;
  private final LstmShape shape;
  private final Tensor shared; // keys of what all lanes have in common, [L + 1]
  private final Tensor[] factors; // of each layer's inputs, [T or 1, B, I]; null if none is dropped

  /**
   * Draws the masks of activations.
   *
   * @param keys [L + 1, B + 1], those of a window in {@link #keys}
   * @param length T
   */
  TorchNoise(Tensors tensors, Tensor keys, Dropout dropout, long length, LstmShape shape) {
    this.tensors = tensors;
    this.dropout = dropout;
    this.shape = shape;
    long lanes = keys.size(1) - 1;
    this.shared = keys.select(1, lanes);
    this.factors = new Tensor[shape.layers() + 1];
    if (dropout.dropsActivations(shape.layers())) {
      draw(keys.narrow(1, 0, lanes), dropout.masks((int) length));
    }
  }

  /**
   * The keys of the masks of windows [from, to).
   *
   * @param firstLane of B lanes
   * @param layers L
   * @return [to − from, L + 1, B + 1]: those of the lanes, then of what they have in common
   */
  static long[] keys(int from, int to, int firstLane, int lanes, long noiseSeed, int layers) {
    long[] keys = new long[Math.multiplyExact(to - from, (layers + 1) * (lanes + 1))];
    int at = 0;
    for (int window = from; window < to; window++) {
      for (int layer = 0; layer <= layers; layer++) {
        for (int lane = firstLane; lane < firstLane + lanes; lane++) {
          keys[at++] = DropoutNoise.key(noiseSeed, window, lane, layer);
        }
        keys[at++] = DropoutNoise.key(noiseSeed, window, DropoutNoise.ALL_LANES, layer);
      }
    }
    return keys;
  }

  @Override
  public Tensor words(Tensor embeddings, Tensor words) {
    if (!dropout.dropsWords()) {
      return embeddings;
    }
    Tensor counters =
        words
            .add(new Scalar(1L))
            .mul_(new Scalar(GOLDEN_GAMMA))
            .add_(shared.select(0, shape.layers()));
    Tensor ofWords =
        kept(shifted(mix(counters), Long.SIZE - BITS), BITS, dropout.embeddingKeepProbability());
    return embeddings.mul(ofWords.unsqueeze(2));
  }

  @Override
  public Tensor activations(Tensor activations, int layer) {
    return factors[layer] == null ? activations : activations.mul(factors[layer]);
  }

  @Override
  public Tensor weights(Tensor weights, int layer) {
    if (!dropout.dropsWeights()) {
      return weights;
    }
    Tensor mask = tensors.zeros(ScalarType.Float, weights.size(0), weights.size(1));
    try (PointerScope temporary = new PointerScope()) {
      long rows = weights.size(0);
      long hashes = (weights.size(1) + 3) / 4; // each of them serves four columns of a row
      Tensor hashed = mix(counters(rows * hashes).add_(shared.select(0, layer)));
      Tensor[] quarters = new Tensor[4];
      Arrays.setAll(quarters, i -> shifted(hashed, i * WEIGHT_BITS));
      Tensor numbers =
          torch
              .stack(new TensorVector(quarters), 1)
              .bitwise_and_(new Scalar((1L << WEIGHT_BITS) - 1))
              .view(rows, 4 * hashes)
              .narrow(1, 0, weights.size(1));
      mask.copy_(kept(numbers, WEIGHT_BITS, dropout.recurrentKeepProbability()));
    }
    return weights.mul(mask);
  }

  private void draw(Tensor keys, long steps) {
    Map<Integer, List<Integer>> layersOfSize =
        IntStream.range(0, factors.length)
            .filter(layer -> dropout.keepProbability(layer, shape.layers()) < 1)
            .boxed()
            .collect(Collectors.groupingBy(shape::inputSize));
    layersOfSize.forEach((units, layers) -> draw(keys, steps, units, layers));
  }

  /** Draws the masks of some layers whose inputs have one size at once. */
  private void draw(Tensor keys, long steps, int units, List<Integer> layers) {
    for (int layer : layers) {
      factors[layer] = tensors.zeros(ScalarType.Float, steps, keys.size(1), units);
    }
    try (PointerScope temporary = new PointerScope()) {
      Tensor ofLayers =
          torch.stack(
              new TensorVector(
                  layers.stream().map(layer -> keys.select(0, layer)).toArray(Tensor[]::new)));
      Tensor counters =
          counters(steps * units)
              .view(1, steps, 1, units)
              .add(ofLayers.view(layers.size(), 1, keys.size(1), 1));
      Tensor numbers = shifted(mix(counters), Long.SIZE - BITS);
      for (int i = 0; i < layers.size(); i++) {
        float probability = dropout.keepProbability(layers.get(i), shape.layers());
        factors[layers.get(i)].copy_(kept(numbers.select(0, i), BITS, probability));
      }
    }
  }

  private Tensor counters(long count) {
    return tensors.range(count).mul_(new Scalar(GOLDEN_GAMMA));
  }

  /** 1 / probability for the share of numbers of so many bits that is kept, else 0. */
  private static Tensor kept(Tensor numbers, int bits, float probability) {
    long kept = (long) Math.ceil(probability * (1 << bits));
    return numbers.lt(new Scalar(kept)).to(ScalarType.Float).mul_(new Scalar(1 / probability));
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
