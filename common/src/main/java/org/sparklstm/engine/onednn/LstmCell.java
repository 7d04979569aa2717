package org.sparklstm.engine.onednn;

import java.util.Arrays;

/**
 * What an LSTM layer computes between products and activation functions at one time step of B
 * lanes. Everything is an array of B·H floats, element by element: loops that the JIT compiler
 * vectorises. See {@link LstmLayer} for the equations. Layers use one cell in turn.
 */
final class LstmCell {
  private static final int GATES = 4;
  private static final int CANDIDATE = 2;

  private final int lanes;
  private final int hiddenSize;
  private final int size; // B·H
  private final float[] rows; // [B, 4·H]: each lane's gates one after the other
  private final float[][] gates; // i, f, g, o; backward: the gradients of their pre-activations
  private final float[] state;
  private final float[] tanh;
  private final float[] outputGradient;
  private final float[] nextGradient;
  private final float[] stateGradient;
  private final float[][] gradientSums; // of the pre-activations, over the time steps

  LstmCell(int lanes, int hiddenSize) {
    this.lanes = lanes;
    this.hiddenSize = hiddenSize;
    this.size = lanes * hiddenSize;
    this.rows = new float[GATES * size];
    this.gates = new float[GATES][size];
    this.state = new float[size];
    this.tanh = new float[size];
    this.outputGradient = new float[size];
    this.nextGradient = new float[size];
    this.stateGradient = new float[size];
    this.gradientSums = new float[GATES][size];
  }

  /** The gates of all lanes [B, 4·H]. Who writes them splits them. */
  float[] rows() {
    return rows;
  }

  /** The cell candidate's part of the rows, as an array of its own. */
  float[] splitCandidate() {
    split(CANDIDATE);
    return candidate();
  }

  /** g, to be written after {@link #split}: in the rows it may be something else. */
  float[] candidate() {
    return gates[CANDIDATE];
  }

  /** Takes i, f and o out of the rows. */
  void split() {
    split(0);
    split(1);
    split(3);
  }

  private void split(int gate) {
    for (int lane = 0; lane < lanes; lane++) {
      int from = (GATES * lane + gate) * hiddenSize;
      System.arraycopy(rows, from, gates[gate], lane * hiddenSize, hiddenSize);
    }
  }

  /** Writes all gates to the rows. */
  void join() {
    for (int gate = 0; gate < GATES; gate++) {
      for (int lane = 0; lane < lanes; lane++) {
        int to = (GATES * lane + gate) * hiddenSize;
        System.arraycopy(gates[gate], lane * hiddenSize, rows, to, hiddenSize);
      }
    }
  }

  /** The cell state: c before a step forward and for a step backward, c' after a step forward. */
  float[] state() {
    return state;
  }

  /** tanh(c'), to be written by others. A step forward leaves h' in it. */
  float[] tanh() {
    return tanh;
  }

  /** c' = f ⊙ c + i ⊙ g. */
  void updateState() {
    float[] i = gates[0];
    float[] f = gates[1];
    float[] g = gates[2];
    for (int k = 0; k < size; k++) {
      state[k] = f[k] * state[k] + i[k] * g[k];
    }
  }

  /** h' = o ⊙ tanh(c'), in the place of tanh(c'). */
  float[] hidden() {
    float[] o = gates[3];
    for (int k = 0; k < size; k++) {
      tanh[k] *= o[k];
    }
    return tanh;
  }

  /** The gradient of h' from the layer above. */
  float[] outputGradient() {
    return outputGradient;
  }

  /** The gradient of h' from the next time step. */
  float[] nextGradient() {
    return nextGradient;
  }

  /** Begins at the last time step: no gradient comes from the next one. */
  void beginBackward() {
    Arrays.fill(nextGradient, 0);
    Arrays.fill(stateGradient, 0);
    for (float[] sum : gradientSums) {
      Arrays.fill(sum, 0);
    }
  }

  /**
   * From the gradients of h' and c' to that of c, and to those of the gates' pre-activations in the
   * place of the gates. Overwrites what it reads. The loops are short for the compiler's sake.
   */
  void backward() {
    float[] i = gates[0];
    float[] f = gates[1];
    float[] g = gates[2];
    float[] o = gates[3];
    float[] dh = outputGradient;
    float[] dc = stateGradient;
    add(nextGradient, dh);
    for (int k = 0; k < size; k++) {
      dc[k] += dh[k] * o[k] * (1 - tanh[k] * tanh[k]);
    }
    for (int k = 0; k < size; k++) {
      o[k] = dh[k] * tanh[k] * o[k] * (1 - o[k]);
    }
    float[] free = tanh;
    for (int k = 0; k < size; k++) {
      free[k] = dc[k] * g[k] * i[k] * (1 - i[k]);
    }
    for (int k = 0; k < size; k++) {
      g[k] = dc[k] * i[k] * (1 - g[k] * g[k]);
    }
    System.arraycopy(free, 0, i, 0, size);
    for (int k = 0; k < size; k++) {
      free[k] = dc[k] * f[k];
    }
    for (int k = 0; k < size; k++) {
      f[k] = free[k] * state[k] * (1 - f[k]);
    }
    System.arraycopy(free, 0, dc, 0, size);
    for (int gate = 0; gate < GATES; gate++) {
      add(gates[gate], gradientSums[gate]);
    }
  }

  private static void add(float[] from, float[] to) {
    for (int k = 0; k < to.length; k++) {
      to[k] += from[k];
    }
  }

  /** The gradient of the bias [4·H]: sums over the time steps since the last one, and the lanes. */
  float[] biasGradient() {
    float[] gradient = new float[GATES * hiddenSize];
    for (int gate = 0; gate < GATES; gate++) {
      for (int lane = 0; lane < lanes; lane++) {
        for (int unit = 0; unit < hiddenSize; unit++) {
          gradient[gate * hiddenSize + unit] += gradientSums[gate][lane * hiddenSize + unit];
        }
      }
    }
    return gradient;
  }
}
