package org.sparklstm.engine;

import org.bytedeco.dnnl.memory;
import org.bytedeco.javacpp.FloatPointer;
import org.bytedeco.javacpp.indexer.FloatIndexer;
import org.sparklstm.model.LstmSpec;
import org.sparklstm.model.LstmSpec.DropoutMode;
import org.sparklstm.text.Window;

/**
 * What a {@link FusedReplica} computes on windows of one length: N = T·B rows of activations,
 * time-major, from the embedding through dropout and LSTM layers to the {@link SoftmaxLayer}.
 */
final class FusedWindow implements AutoCloseable {
  private final LstmSpec spec;
  private final int lanes;
  private final int length;
  private final boolean training;
  private final FusedParameters parameters;
  private final OneDnn oneDnn;
  private final LstmPrimitives.Layer[] layers;
  private final FloatIndexer[] inputs; // of each LSTM layer [N, H], of the softmax layer [N, H + 1]
  private final FloatIndexer[] outputs; // of each LSTM layer, [N, H]
  private final SoftmaxLayer softmax;

  // Only for training:
  private final FloatIndexer[] gradients = new FloatIndexer[2]; // of inputs, [N, H], by turns
  private final FloatIndexer[] masks; // on each of inputs; [N, H], or [B, H] if locked
  private final float[] factors; // a row of a mask

  /**
   * Buffers and primitives.
   *
   * @param oneDnn owns them, and is closed with them
   * @param hidden of each layer, [B, H], carried
   * @param cell of each layer, [B, H], carried
   */
  FusedWindow(
      OneDnn oneDnn,
      LstmSpec spec,
      int lanes,
      int length,
      boolean training,
      FusedParameters parameters,
      FloatPointer[] hidden,
      FloatPointer[] cell) {
    this.oneDnn = oneDnn;
    this.spec = spec;
    this.lanes = lanes;
    this.length = length;
    this.training = training;
    this.parameters = parameters;
    int h = spec.hiddenSize();
    int l = spec.layers();
    int rows = length * lanes;
    LstmPrimitives lstm = new LstmPrimitives(oneDnn, length, lanes, h, training);
    memory[] gradientMemory = {null, null};
    for (int i = 0; i < 2 && training; i++) {
      gradientMemory[i] = lstm.sequence();
      gradients[i] = FloatIndexer.create(oneDnn.floats(gradientMemory[i]));
    }
    this.layers = new LstmPrimitives.Layer[l];
    this.inputs = new FloatIndexer[l + 1];
    this.outputs = new FloatIndexer[l];
    for (int layer = 0; layer < l; layer++) {
      memory input = lstm.sequence();
      memory output = lstm.sequence();
      inputs[layer] = FloatIndexer.create(oneDnn.floats(input));
      outputs[layer] = FloatIndexer.create(oneDnn.floats(output));
      layers[layer] =
          lstm.new Layer(parameters.layer(layer), input, output, hidden[layer], cell[layer]);
      if (training) {
        layers[layer].prepareTraining(gradientMemory[(layer + 1) % 2], gradientMemory[layer % 2]);
      }
    }
    FloatPointer topGradient = training ? oneDnn.floats(gradientMemory[l % 2]) : null;
    this.softmax =
        new SoftmaxLayer(oneDnn, parameters.decoder(), spec.vocabularySize(), h, rows, topGradient);
    inputs[l] = softmax.inputs();
    boolean dropped = training && spec.keepProbability() < 1;
    this.masks = new FloatIndexer[dropped ? l + 1 : 0];
    this.factors = new float[h];
    for (int i = 0; i < masks.length; i++) {
      masks[i] = FloatIndexer.create(oneDnn.zeros((long) maskSteps() * lanes * h));
    }
  }

  private int maskSteps() {
    return spec.dropoutMode() == DropoutMode.LOCKED ? 1 : length;
  }

  /** Whether this serves windows of {@code steps} time steps. */
  boolean serves(int steps, boolean toTrain) {
    return steps == length && (training || !toTrain);
  }

  /** Σ −ln p without dropout, the lane state carried. */
  double infer(Window window) {
    embed(window.inputs(), null);
    for (int layer = 0; layer < layers.length; layer++) {
      layers[layer].infer();
      copyOutput(layer, null);
    }
    double nats = softmax.infer(window.targets());
    carry();
    return nats;
  }

  /** Σ −ln p with dropout, the gradient kept in the parameters, the lane state carried. */
  double train(Window window, long noiseSeed) {
    for (int i = 0; i < masks.length; i++) {
      draw(masks[i], window, noiseSeed, i);
    }
    embed(window.inputs(), mask(0));
    for (int layer = 0; layer < layers.length; layer++) {
      layers[layer].forward();
      copyOutput(layer, mask(layer + 1));
    }
    double nats = softmax.train(window.targets(), 1f / lanes); // the loss is a mean over lanes
    parameters.clearGradient();
    for (int layer = layers.length - 1; layer >= 0; layer--) {
      multiply(gradients[(layer + 1) % 2], mask(layer + 1));
      layers[layer].backward();
    }
    multiply(gradients[0], mask(0));
    parameters.embeddingGradient(window.inputs(), gradients[0]);
    carry();
    return nats;
  }

  private void carry() {
    for (LstmPrimitives.Layer layer : layers) {
      layer.carry();
    }
  }

  private FloatIndexer mask(int input) {
    return masks.length == 0 ? null : masks[input];
  }

  private void draw(FloatIndexer mask, Window window, long noiseSeed, int layer) {
    for (int lane = 0; lane < lanes; lane++) {
      long key = DropoutNoise.key(noiseSeed, window.index(), window.firstLane() + lane, layer);
      for (int t = 0; t < maskSteps(); t++) {
        DropoutNoise.draw(key, t, spec.keepProbability(), factors);
        mask.put((long) (t * lanes + lane) * factors.length, factors);
      }
    }
  }

  /** Writes the words' embeddings to the first layer's inputs. */
  private void embed(int[] words, FloatIndexer mask) {
    for (int row = 0; row < words.length; row++) {
      long from = (long) words[row] * parameters.embeddingStride();
      copyRow(parameters.embedding(), from, inputs[0], row, spec.hiddenSize(), mask);
    }
  }

  /** Writes a layer's outputs to the next layer's inputs. */
  private void copyOutput(int layer, FloatIndexer mask) {
    int h = spec.hiddenSize();
    int stride = layer == layers.length - 1 ? h + 1 : h;
    for (int row = 0; row < length * lanes; row++) {
      copyRow(outputs[layer], (long) row * h, inputs[layer + 1], row, stride, mask);
    }
  }

  private void copyRow(
      FloatIndexer from, long offset, FloatIndexer to, int row, int stride, FloatIndexer mask) {
    int h = spec.hiddenSize();
    long start = (long) row * stride;
    if (mask == null) {
      for (int unit = 0; unit < h; unit++) {
        to.put(start + unit, from.get(offset + unit));
      }
    } else {
      long factors = maskRow(row);
      for (int unit = 0; unit < h; unit++) {
        to.put(start + unit, from.get(offset + unit) * mask.get(factors + unit));
      }
    }
  }

  private long maskRow(int row) {
    return (long) (row % (maskSteps() * lanes)) * spec.hiddenSize();
  }

  private void multiply(FloatIndexer rows, FloatIndexer mask) {
    if (mask == null) {
      return;
    }
    int h = spec.hiddenSize();
    for (int row = 0; row < length * lanes; row++) {
      copyRow(rows, (long) row * h, rows, row, h, mask);
    }
  }

  @Override
  public void close() {
    oneDnn.close();
  }
}
