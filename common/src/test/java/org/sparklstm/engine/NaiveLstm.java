package org.sparklstm.engine;

import java.util.Arrays;
import java.util.HashMap;
import java.util.Map;
import org.sparklstm.model.LstmShape;
import org.sparklstm.model.ParameterLayout;
import org.sparklstm.text.Window;

/** The equations of the network written out in double precision, one number at a time. */
final class NaiveLstm {
  private final LstmShape shape;
  private final Regularisation regularisation;
  private final Map<String, Integer> offsets = new HashMap<>();
  private double[][] outputs; // of the last layer, [T·B][H]
  private double[][] softmaxInputs; // what dropout leaves of them

  /** The network without noise. */
  NaiveLstm(LstmShape shape) {
    this(shape, Regularisation.NONE);
  }

  NaiveLstm(LstmShape shape, Regularisation regularisation) {
    this.shape = shape;
    this.regularisation = regularisation;
    ParameterLayout.of(shape).forEach(tensor -> offsets.put(tensor.name(), tensor.offset()));
  }

  /**
   * Σ −ln p of a window.
   *
   * @param state [B, S], left at the window's end
   */
  double loss(float[] p, double[] state, Window window, long noiseSeed) {
    double[][] logs = logProbabilities(p, state, window, noiseSeed);
    double nats = 0;
    for (int i = 0; i < logs.length; i++) {
      nats -= logs[i][window.targets()[i]];
    }
    return nats;
  }

  /**
   * What a window's training minimises: Σ over T of the mean over lanes of −ln p, and penalties.
   *
   * @param state [B, S], left at the window's end
   */
  double objective(float[] p, double[] state, Window window, long noiseSeed) {
    int lanes = window.lanes();
    double nats = loss(p, state, window, noiseSeed);
    double penalties = 0;
    for (int i = 0; i < outputs.length; i++) {
      for (int u = 0; u < shape.outputSize(); u++) {
        penalties += regularisation.activationPenalty() * Math.pow(softmaxInputs[i][u], 2);
        if (i >= lanes) {
          double change = outputs[i][u] - outputs[i - lanes][u];
          penalties += regularisation.temporalActivationPenalty() * change * change;
        }
      }
    }
    return nats / lanes + penalties / lanes / shape.outputSize();
  }

  /**
   * ln p of each word, after each of the window's inputs: [T·B][V].
   *
   * @param state [B, S], left at the window's end
   */
  double[][] logProbabilities(float[] p, double[] state, Window window, long noiseSeed) {
    int e = shape.embeddingSize();
    double[][] logs = new double[window.length() * window.lanes()][];
    outputs = new double[logs.length][];
    softmaxInputs = new double[logs.length][];
    double[] toLogits = toLogits(window, noiseSeed);
    float[][] recurrent = new float[shape.layers()][];
    Arrays.setAll(recurrent, layer -> recurrentWeights(p, layer, window, noiseSeed));
    for (int t = 0; t < window.length(); t++) {
      for (int b = 0; b < window.lanes(); b++) {
        int input = window.inputs()[t * window.lanes() + b];
        double[] x = new double[e];
        for (int u = 0; u < e; u++) {
          x[u] = p[offsets.get("embedding.weight") + input * e + u];
        }
        dropWord(x, input, window, noiseSeed);
        for (int layer = 0; layer < shape.layers(); layer++) {
          drop(x, window, b, layer, t, noiseSeed);
          float[] left = recurrent[layer];
          x = cell(p, left, state, b * shape.laneStateSize() + shape.stateOffset(layer), layer, x);
        }
        outputs[t * window.lanes() + b] = x.clone();
        drop(x, window, b, shape.layers(), t, noiseSeed);
        softmaxInputs[t * window.lanes() + b] = x;
        logs[t * window.lanes() + b] = logSoftmax(p, x, toLogits);
      }
    }
    return logs;
  }

  private void drop(double[] x, Window window, int b, int layer, int t, long noiseSeed) {
    long key = DropoutNoise.key(noiseSeed, window.index(), window.firstLane() + b, layer);
    Dropout dropout = regularisation.dropout();
    int step = dropout.mode() == Dropout.Mode.LOCKED ? 0 : t;
    float[] factors = new float[x.length];
    float[] places = {
      dropout.inputKeepProbability(),
      dropout.hiddenKeepProbability(),
      dropout.outputKeepProbability()
    };
    int place = layer == 0 ? 0 : layer == shape.layers() ? 2 : 1;
    DropoutNoise.draw(key, step, places[place], factors);
    for (int u = 0; u < x.length; u++) {
      x[u] *= factors[u];
    }
  }

  private void dropWord(double[] x, int word, Window window, long noiseSeed) {
    if (!regularisation.dropout().dropsWords()) {
      return;
    }
    long key = DropoutNoise.key(noiseSeed, window.index(), -1, shape.layers());
    float[] factors = new float[shape.vocabularySize()];
    DropoutNoise.draw(key, 0, regularisation.dropout().embeddingKeepProbability(), factors);
    for (int u = 0; u < x.length; u++) {
      x[u] *= factors[word];
    }
  }

  /** What weight-drop leaves of a layer's recurrent weights, [4·H·H]. */
  private float[] recurrentWeights(float[] p, int layer, Window window, long noiseSeed) {
    int h = shape.hiddenSize(layer);
    int at = offsets.get("lstm.weight_hh_l" + layer);
    float[] weights = Arrays.copyOfRange(p, at, at + 4 * h * h);
    if (regularisation.dropout().dropsWeights()) {
      long key = DropoutNoise.key(noiseSeed, window.index(), -1, layer);
      float[] factors = new float[h];
      for (int row = 0; row < 4 * h; row++) {
        DropoutNoise.drawWeights(
            key, row, regularisation.dropout().recurrentKeepProbability(), factors);
        for (int u = 0; u < h; u++) {
          weights[row * h + u] *= factors[u];
        }
      }
    }
    return weights;
  }

  /** i, f, g, o = W·x + R·h + b; c ← σ(f)·c + σ(i)·tanh(g); h ← σ(o)·tanh(c). */
  private double[] cell(
      float[] p, float[] recurrent, double[] state, int at, int layer, double[] x) {
    int h = shape.hiddenSize(layer);
    int w = offsets.get("lstm.weight_ih_l" + layer);
    int bias = offsets.get("lstm.bias_ih_l" + layer);
    double[] gates = new double[4 * h];
    for (int g = 0; g < 4 * h; g++) {
      gates[g] = p[bias + g];
      for (int u = 0; u < x.length; u++) {
        gates[g] += p[w + g * x.length + u] * x[u];
      }
      for (int u = 0; u < h; u++) {
        gates[g] += recurrent[g * h + u] * state[at + u];
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

  /** What sampled softmax adds to the logits of a window: minus infinity to words that it lacks. */
  private double[] toLogits(Window window, long noiseSeed) {
    double[] added = new double[shape.vocabularySize()];
    if (regularisation.samples()) {
      Arrays.fill(added, Double.NEGATIVE_INFINITY);
      SampledWords sampling =
          new SampledWords(shape.vocabularySize(), regularisation.softmaxSamples());
      for (int word : sampling.draw(noiseSeed, window.index())) {
        added[word] = -Math.log(sampling.probability(word));
      }
      for (int target : window.targets()) {
        added[target] = 0;
      }
    }
    return added;
  }

  private double[] logSoftmax(float[] p, double[] x, double[] toLogits) {
    int h = shape.outputSize();
    int weight = offsets.get(shape.tiedEmbeddings() ? "embedding.weight" : "decoder.weight");
    double sum = 0;
    double[] logits = new double[shape.vocabularySize()];
    for (int v = 0; v < shape.vocabularySize(); v++) {
      logits[v] = p[offsets.get("decoder.bias") + v] + toLogits[v];
      for (int u = 0; u < h; u++) {
        logits[v] += p[weight + v * h + u] * x[u];
      }
      sum += Math.exp(logits[v]);
    }
    for (int v = 0; v < shape.vocabularySize(); v++) {
      logits[v] -= Math.log(sum);
    }
    return logits;
  }

  private static double sigmoid(double x) {
    return 1 / (1 + Math.exp(-x));
  }
}
