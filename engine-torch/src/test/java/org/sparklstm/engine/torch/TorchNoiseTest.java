package org.sparklstm.engine.torch;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.Arrays;
import java.util.Random;
import org.bytedeco.javacpp.PointerScope;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.sparklstm.engine.DropoutNoise;
import org.sparklstm.engine.Regularisation;
import org.sparklstm.engine.Regularisation.DropoutMode;

class TorchNoiseTest {
  private static final int LANES = 3;
  private static final int LENGTH = 5;
  private static final int UNITS = 67;

  @ParameterizedTest
  @CsvSource({"0.5, PER_STEP", "0.35, PER_STEP", "0.5, LOCKED", "0.9999999, PER_STEP"})
  void theDeviceDrawsTheSameBits(float keep, DropoutMode mode) {
    Regularisation regularisation = new Regularisation(keep, mode);
    long seed = new Random().nextLong();
    System.out.println("seed " + seed);
    long[] both = TorchNoise.keys(6, 8, 40, LANES, seed, 2);
    assertThat(both).hasSize(2 * 3 * LANES);
    long[] keys = Arrays.copyOfRange(both, 3 * LANES, 2 * 3 * LANES);
    try (PointerScope scope = new PointerScope()) {
      Tensors tensors = new Tensors(TorchDevice.CPU);
      float[] drawn =
          Tensors.floats(
              TorchNoise.factors(
                  tensors, tensors.of(keys).view(3, LANES), regularisation, LENGTH, UNITS));
      int steps = regularisation.masks(LENGTH);
      float[] expected = new float[3 * steps * LANES * UNITS];
      float[] factors = new float[UNITS];
      int at = 0;
      for (int layer = 0; layer < 3; layer++) {
        for (int t = 0; t < steps; t++) {
          for (int lane = 0; lane < LANES; lane++) {
            DropoutNoise.draw(DropoutNoise.key(seed, 7, 40 + lane, layer), t, keep, factors);
            System.arraycopy(factors, 0, expected, at, UNITS);
            at += UNITS;
          }
        }
      }
      assertThat(drawn).isEqualTo(expected);
    }
  }
}
