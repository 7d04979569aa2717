package org.sparklstm.engine.onednn;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import java.util.Random;
import org.junit.jupiter.api.Test;

/** The equations in double precision, on fresh random inputs, with sizes that fill no vector. */
class LstmCellTest {
  private static final int LANES = 3;
  private static final int H = 7;
  private static final int SIZE = LANES * H;

  private final long seed = new Random().nextLong();
  private final Random random = new Random(seed);
  private final LstmCell cell = new LstmCell(LANES, H);

  /** Gates as they follow the functions; the candidate stands elsewhere. */
  private double[][] writeGates() {
    double[][] gates = new double[4][SIZE];
    for (int gate = 0; gate < 4; gate++) {
      for (int k = 0; k < SIZE; k++) {
        float value = random.nextFloat() - (gate == 2 ? 0.5f : 0);
        gates[gate][k] = value;
        cell.rows()[(k / H * 4 + gate) * H + k % H] = value;
      }
    }
    float[] candidate = cell.splitCandidate().clone();
    cell.split();
    System.arraycopy(candidate, 0, cell.candidate(), 0, SIZE);
    return gates;
  }

  /** Fills an array of the cell, and returns what is in it. */
  private float[] fill(float[] floats) {
    for (int k = 0; k < SIZE; k++) {
      floats[k] = random.nextFloat() - 0.5f;
    }
    return floats.clone();
  }

  @Test
  void aStepForwardIsTheEquations() {
    double[][] gates = writeGates();
    float[] before = fill(cell.state());
    float[] tanh = fill(cell.tanh());

    cell.updateState();
    float[] hidden = cell.hidden();

    for (int k = 0; k < SIZE; k++) {
      assertThat((double) cell.state()[k])
          .describedAs("seed %s", seed)
          .isCloseTo(gates[1][k] * before[k] + gates[0][k] * gates[2][k], within(1e-6));
      assertThat((double) hidden[k]).isCloseTo(gates[3][k] * tanh[k], within(1e-6));
    }
  }

  @Test
  void twoStepsBackwardAreTheEquationsAndTheirBiasGradientIsTheSum() {
    double[] bias = new double[4 * H];
    cell.beginBackward();
    double[] dc = new double[SIZE];
    for (int step = 0; step < 2; step++) {
      double[][] gates = writeGates();
      float[] c = fill(cell.state());
      float[] tanh = fill(cell.tanh());
      float[] ofOutput = fill(cell.outputGradient());
      float[] ofNext = fill(cell.nextGradient());
      double[][] expected = new double[4][SIZE];
      for (int k = 0; k < SIZE; k++) {
        double i = gates[0][k];
        double f = gates[1][k];
        double g = gates[2][k];
        double o = gates[3][k];
        double dh = (double) ofOutput[k] + ofNext[k];
        dc[k] += dh * o * (1 - (double) tanh[k] * tanh[k]);
        expected[0][k] = dc[k] * g * i * (1 - i);
        expected[1][k] = dc[k] * c[k] * f * (1 - f);
        expected[2][k] = dc[k] * i * (1 - g * g);
        expected[3][k] = dh * tanh[k] * o * (1 - o);
        dc[k] *= f;
        for (int gate = 0; gate < 4; gate++) {
          bias[gate * H + k % H] += expected[gate][k];
        }
      }

      cell.backward();
      cell.join();

      for (int k = 0; k < SIZE; k++) {
        for (int gate = 0; gate < 4; gate++) {
          assertThat((double) cell.rows()[(k / H * 4 + gate) * H + k % H])
              .describedAs("gate %s", gate)
              .isCloseTo(expected[gate][k], within(1e-6));
        }
      }
    }
    float[] sums = cell.biasGradient();
    for (int k = 0; k < bias.length; k++) {
      assertThat((double) sums[k]).describedAs("seed %s", seed).isCloseTo(bias[k], within(1e-5));
    }
  }
}
