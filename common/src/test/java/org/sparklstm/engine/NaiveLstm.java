package org.sparklstm.engine;

import java.util.HashMap;
import java.util.Map;
import org.sparklstm.model.LstmSpec;
import org.sparklstm.model.LstmSpec.DropoutMode;
import org.sparklstm.model.ParameterLayout;
import org.sparklstm.text.Window;

/** The equations of the network written out in double precision, one number at a time. */
final class NaiveLstm {
  private final LstmSpec spec;
  private final Map<String, Integer> offsets = new HashMap<>();

  NaiveLstm(LstmSpec spec) {
    this.spec = spec;
    ParameterLayout.of(spec).forEach(tensor -> offsets.put(tensor.name(), tensor.offset()));
  }

  /**
   * Σ −ln p of a window, with dropout if {@code noiseSeed} is not null.
   *
   * @param state [B, L, 2, H], left at the window's end
   */
  double loss(float[] p, double[] state, Window window, Long noiseSeed) {
    int h = spec.hiddenSize();
    double nats = 0;
    for (int t = 0; t < window.length(); t++) {
      for (int b = 0; b < window.lanes(); b++) {
        int input = window.inputs()[t * window.lanes() + b];
        double[] x = new double[h];
        for (int u = 0; u < h; u++) {
          x[u] = p[offsets.get("embedding.weight") + input * h + u];
        }
        for (int layer = 0; layer < spec.layers(); layer++) {
          drop(x, window, b, layer, t, noiseSeed);
          x = cell(p, state, b * spec.laneStateSize() + layer * 2 * h, layer, x);
        }
        drop(x, window, b, spec.layers(), t, noiseSeed);
        nats += minusLogProbability(p, x, window.targets()[t * window.lanes() + b]);
      }
    }
    return nats;
  }

  private void drop(double[] x, Window window, int b, int layer, int t, Long noiseSeed) {
    if (noiseSeed == null || spec.keepProbability() == 1) {
      return;
    }
    long key = DropoutNoise.key(noiseSeed, window.index(), window.firstLane() + b, layer);
    int step = spec.dropoutMode() == DropoutMode.LOCKED ? 0 : t;
    float[] factors = new float[x.length];
    DropoutNoise.draw(key, step, spec.keepProbability(), factors);
    for (int u = 0; u < x.length; u++) {
      x[u] *= factors[u];
    }
  }

  /** i, f, g, o = W·x + R·h + b; c ← σ(f)·c + σ(i)·tanh(g); h ← σ(o)·tanh(c). */
  private double[] cell(float[] p, double[] state, int at, int layer, double[] x) {
    int h = spec.hiddenSize();
    int w = offsets.get("lstm.weight_ih_l" + layer);
    int r = offsets.get("lstm.weight_hh_l" + layer);
    int bias = offsets.get("lstm.bias_ih_l" + layer);
    double[] gates = new double[4 * h];
    for (int g = 0; g < 4 * h; g++) {
      gates[g] = p[bias + g];
      for (int u = 0; u < h; u++) {
        gates[g] += p[w + g * h + u] * x[u] + p[r + g * h + u] * state[at + u];
      }
    }
    double[] hidden = new double[h];
    for (int u = 0; u < h; u++) {
      double cell =
          sigmoid(gates[h + u]) * state[at + h + u]
              + sigmoid(gates[u]) * Math.tanh(gates[2 * h + u]);
      hidden[u] = sigmoid(gates[3 * h + u]) * Math.tanh(cell);
      state[at + h + u] = cell;
    }
    System.arraycopy(hidden, 0, state, at, h);
    return hidden;
  }

  private double minusLogProbability(float[] p, double[] x, int target) {
    int h = spec.hiddenSize();
    int weight = offsets.get(spec.tiedEmbeddings() ? "embedding.weight" : "decoder.weight");
    double sum = 0;
    double wanted = 0;
    for (int v = 0; v < spec.vocabularySize(); v++) {
      double logit = p[offsets.get("decoder.bias") + v];
      for (int u = 0; u < h; u++) {
        logit += p[weight + v * h + u] * x[u];
      }
      sum += Math.exp(logit);
      wanted = v == target ? logit : wanted;
    }
    return Math.log(sum) - wanted;
  }

  private static double sigmoid(double x) {
    return 1 / (1 + Math.exp(-x));
  }
}
