package org.sparklstm.engine.torch;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.Arrays;
import java.util.List;
import java.util.Random;
import org.bytedeco.javacpp.PointerScope;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch.ScalarType;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;
import org.sparklstm.engine.Dropout;
import org.sparklstm.engine.Dropout.Mode;
import org.sparklstm.engine.DropoutNoise;
import org.sparklstm.model.LstmShape;

/** The device draws the same bits. */
class TorchNoiseTest {
  private static final int LANES = 3;
  private static final int LENGTH = 5;
  private static final LstmShape SHAPE = new LstmShape(301, 67, List.of(41, 67), false);

  private final Tensors tensors = new Tensors(TorchDevice.CPU);
  private final long seed = new Random().nextLong();

  TorchNoiseTest() {
    System.out.println("seed " + seed);
  }

  /** That of window 7 for lanes 40 to 42. */
  private TorchNoise noise(Dropout dropout) {
    long[] both = TorchNoise.keys(6, 8, 40, LANES, seed, 2);
    int count = 3 * (LANES + 1);
    assertThat(both).hasSize(2 * count);
    Tensor keys = tensors.of(Arrays.copyOfRange(both, count, 2 * count)).view(3, LANES + 1);
    return new TorchNoise(tensors, keys, dropout, LENGTH, SHAPE);
  }

  private long shared(int layer) {
    return DropoutNoise.key(seed, 7, DropoutNoise.ALL_LANES, layer);
  }

  @ParameterizedTest
  @CsvSource({
    "0.5, 0.5, 0.5, PER_STEP",
    "0.35, 0.5, 0.7, PER_STEP",
    "0.5, 1, 0.6, LOCKED",
    "0.9999999, 0.5, 1, PER_STEP"
  })
  void ofActivations(float input, float between, float output, Mode mode) {
    Dropout dropout = new Dropout(input, between, output, mode, 1, 1);
    float[] keep = {input, between, output};
    try (PointerScope scope = new PointerScope()) {
      TorchNoise noise = noise(dropout);
      for (int layer = 0; layer < 3; layer++) {
        int units = SHAPE.inputSize(layer);
        float[] factors = new float[units];
        float[] drawn =
            Tensors.floats(noise.activations(tensors.full(1, LENGTH, LANES, units), layer));
        float[] expected = new float[LENGTH * LANES * units];
        for (int row = 0; row < LENGTH * LANES; row++) {
          long key = DropoutNoise.key(seed, 7, 40 + row % LANES, layer);
          int mask = row / LANES % dropout.masks(LENGTH);
          DropoutNoise.draw(key, mask, keep[layer], factors);
          System.arraycopy(factors, 0, expected, row * units, units);
        }
        assertThat(drawn).isEqualTo(expected);
      }
    }
  }

  @ParameterizedTest
  @ValueSource(floats = {0.5f, 0.35f, 0.99999f})
  void ofRecurrentWeights(float keep) {
    try (PointerScope scope = new PointerScope()) {
      TorchNoise noise = noise(new Dropout(1, 1, 1, Mode.PER_STEP, keep, 1));
      for (int layer = 0; layer < 2; layer++) {
        int units = SHAPE.hiddenSize(layer);
        float[] factors = new float[units];
        float[] drawn = Tensors.floats(noise.weights(tensors.full(1, 4L * units, units), layer));
        for (int row = 0; row < 4 * units; row++) {
          DropoutNoise.drawWeights(shared(layer), row, keep, factors);
          assertThat(Arrays.copyOfRange(drawn, row * units, (row + 1) * units)).isEqualTo(factors);
        }
      }
    }
  }

  @ParameterizedTest
  @ValueSource(floats = {0.5f, 0.35f, 0.99999f})
  void ofWords(float keep) {
    int[] words = new Random(seed).ints((long) LENGTH * LANES, 0, 301).toArray();
    try (PointerScope scope = new PointerScope()) {
      TorchNoise noise = noise(new Dropout(1, 1, 1, Mode.PER_STEP, 1, keep));
      Tensor ids = tensors.of(words).to(ScalarType.Long).view(LENGTH, LANES);
      int units = SHAPE.embeddingSize();
      float[] drawn = Tensors.floats(noise.words(tensors.full(1, LENGTH, LANES, units), ids));
      for (int row = 0; row < words.length; row++) {
        float[] factors = new float[units];
        Arrays.fill(factors, DropoutNoise.factor(shared(2), words[row], keep));
        assertThat(Arrays.copyOfRange(drawn, row * units, (row + 1) * units)).isEqualTo(factors);
      }
    }
  }
}
