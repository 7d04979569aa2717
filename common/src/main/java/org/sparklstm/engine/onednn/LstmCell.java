package org.sparklstm.engine.onednn;

import java.util.Arrays;

/**
 * What an LSTM computes between products and functions at one time step of B lanes. Everything is
 * an array of B·H floats, element by element: loops that the JIT compiler vectorises. See {@link
 * LstmLayer} for the equations.
 */
final class LstmCell {
  private static final int CANDIDATE = 2;

  private final int lanes;
  private final int hiddenSize;
  private final float[] rows; // [B, 4·H]: each lane's gates one after the other
  private final float[][] gates; // i, f, g, o; back: the gradients of what they are functions of
  private final float[][] gradientSums; // of the same, over the time steps

  LstmCell(int lanes, int hiddenSize) {
    this.lanes = lanes;
    this.hiddenSize = hiddenSize;
    this.rows = new float[lanes * hiddenSize * 4];
    this.gates = new float[4][lanes * hiddenSize];
    this.gradientSums = new float[4][lanes * hiddenSize];
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
      int from = (4 * lane + gate) * hiddenSize;
      System.arraycopy(rows, from, gates[gate], lane * hiddenSize, hiddenSize);
    }
  }

  /** Writes all gates to the rows. */
  void join() {
    for (int gate = 0; gate < 4; gate++) {
      for (int lane = 0; lane < lanes; lane++) {
        int to = (4 * lane + gate) * hiddenSize;
        System.arraycopy(gates[gate], lane * hiddenSize, rows, to, hiddenSize);
      }
    }
  }

  /** c' = f ⊙ c + i ⊙ g, in the place of c. */
  void updateCell(float[] cell) {
    float[] i = gates[0];
    float[] f = gates[1];
    float[] g = gates[2];
    for (int k = 0; k < cell.length; k++) {
      cell[k] = f[k] * cell[k] + i[k] * g[k];
    }
  }

  /** h' = o ⊙ tanh(c'), in the place of tanh(c'). */
  void writeHidden(float[] cellTanh) {
    float[] o = gates[3];
    for (int k = 0; k < cellTanh.length; k++) {
      cellTanh[k] *= o[k];
    }
  }

  /**
   * From the gradients of h' and c' to those of what the gates are functions of, in the place of
   * the gates, and that of c. The loops are short for the compiler's sake.
   *
   * @param cell c
   * @param cellTanh tanh(c'), overwritten
   * @param ofHidden the gradient of h', from the layer above; overwritten
   * @param ofNext the gradient of h', from the next time step
   * @param ofCell the gradient of c', from the next time step; becomes that of c
   */
  void back(float[] cell, float[] cellTanh, float[] ofHidden, float[] ofNext, float[] ofCell) {
    float[] i = gates[0];
    float[] f = gates[1];
    float[] g = gates[2];
    float[] o = gates[3];
    for (int k = 0; k < cell.length; k++) {
      ofHidden[k] += ofNext[k];
    }
    for (int k = 0; k < cell.length; k++) {
      ofCell[k] += ofHidden[k] * o[k] * (1 - cellTanh[k] * cellTanh[k]);
    }
    for (int k = 0; k < cell.length; k++) {
      o[k] = ofHidden[k] * cellTanh[k] * o[k] * (1 - o[k]);
    }
    float[] ofInput = cellTanh; // no longer needed
    for (int k = 0; k < cell.length; k++) {
      ofInput[k] = ofCell[k] * g[k] * i[k] * (1 - i[k]);
    }
    for (int k = 0; k < cell.length; k++) {
      g[k] = ofCell[k] * i[k] * (1 - g[k] * g[k]);
    }
    System.arraycopy(ofInput, 0, i, 0, i.length);
    for (int k = 0; k < cell.length; k++) {
      ofInput[k] = ofCell[k] * f[k];
    }
    for (int k = 0; k < cell.length; k++) {
      f[k] = ofInput[k] * cell[k] * (1 - f[k]);
    }
    System.arraycopy(ofInput, 0, ofCell, 0, ofCell.length);
    for (int gate = 0; gate < 4; gate++) {
      add(gates[gate], gradientSums[gate]);
    }
  }

  private static void add(float[] from, float[] to) {
    for (int k = 0; k < to.length; k++) {
      to[k] += from[k];
    }
  }

  /** Begins new sums of gradients. */
  void clearGradientSums() {
    for (float[] sum : gradientSums) {
      Arrays.fill(sum, 0);
    }
  }

  /** The gradient of the bias [4·H]: sums over the time steps gone back through, and the lanes. */
  float[] biasGradient() {
    float[] gradient = new float[4 * hiddenSize];
    for (int gate = 0; gate < 4; gate++) {
      for (int lane = 0; lane < lanes; lane++) {
        for (int unit = 0; unit < hiddenSize; unit++) {
          gradient[gate * hiddenSize + unit] += gradientSums[gate][lane * hiddenSize + unit];
        }
      }
    }
    return gradient;
  }
}
