package org.sparklstm.engine.onednn;

import java.util.Optional;
import org.bytedeco.dnnl.memory;
import org.bytedeco.dnnl.memory.data_type;
import org.bytedeco.javacpp.FloatPointer;
import org.bytedeco.javacpp.indexer.FloatIndexer;
import org.sparklstm.engine.Dropout;
import org.sparklstm.engine.DropoutNoise;
import org.sparklstm.engine.Precision;
import org.sparklstm.engine.Regularisation;
import org.sparklstm.model.LstmShape;
import org.sparklstm.text.Window;

/**
 * What a {@link OneDnnReplica} computes on windows of one length: N = T·B rows of activations,
 * time-major, from the embedding through dropout and LSTM layers to the {@link SoftmaxLayer}.
 */
final class OneDnnWindow implements AutoCloseable {
  private final LstmShape shape;
  private final int lanes;
  private final int length;
  private final OneDnnParameters parameters;
  private final OneDnn oneDnn = new OneDnn();
  private final LstmLayer[] layers;
  private final FloatIndexer[] inputs; // of each LSTM layer [N, H], of the softmax layer [N, H + 1]
  private final FloatIndexer[] outputs; // of each LSTM layer, [N, H]
  private final SoftmaxLayer softmax;
  private final boolean rounded; // whether products read bfloat16
  private final boolean dropsWeights;
  private final int softmaxSamples;
  private final SampledDecoder sampled; // null if the softmax has all words
  private final Training training; // null if windows are only evaluated

  /** What only training needs. */
  private final class Training {
    private final LstmLayer.Backward[] backward;
    private final FloatIndexer[] gradients; // of the inputs of each layer, the softmax layer's too
    private final FloatIndexer[] masks; // on the same, [N, H], or [B, H] if locked
    private final float[] factors = new float[shape.hiddenSize()]; // a row of a mask
    private final EmbeddingGradient embedding;

    /**
     * Buffers and primitives.
     *
     * @param gradients two buffers [N, H], used by turns; the first one is the softmax layer's
     */
    Training(memory... gradients) {
      int l = layers.length;
      this.backward = new LstmLayer.Backward[l];
      this.gradients = new FloatIndexer[l + 1];
      this.masks = new FloatIndexer[l + 1];
      this.gradients[l] = FloatIndexer.create(oneDnn.floats(gradients[0]));
      for (int layer = l - 1; layer >= 0; layer--) {
        memory read = gradients[(l - 1 - layer) % 2];
        memory written = gradients[(l - layer) % 2];
        this.gradients[layer] = FloatIndexer.create(oneDnn.floats(written));
        backward[layer] = layers[layer].new Backward(read, written);
      }
      this.embedding =
          new EmbeddingGradient(
              this.gradients[0], length * lanes, shape.vocabularySize(), shape.hiddenSize());
    }

    /** Draws the mask on the inputs of {@code layer}; null if nothing is dropped. */
    Mask mask(Window window, Dropout dropout, long noiseSeed, int layer) {
      boolean words = layer == 0 && dropout.dropsWords();
      float keepProbability = dropout.keepProbability(layer, layers.length);
      if (keepProbability == 1 && !words) {
        return null;
      }
      int drawn = keepProbability < 1 ? dropout.masks(length) : 1;
      int steps = words ? length : drawn;
      long size = (long) steps * lanes * factors.length;
      if (masks[layer] == null || masks[layer].size(0) < size) {
        masks[layer] = FloatIndexer.create(oneDnn.zeros(size));
      }
      for (int lane = 0; lane < lanes; lane++) {
        long key = DropoutNoise.key(noiseSeed, window.index(), window.firstLane() + lane, layer);
        for (int t = 0; t < steps; t++) {
          if (t < drawn) { // else the mask is still that of time step 0
            DropoutNoise.draw(key, t, keepProbability, factors);
          }
          masks[layer].put((long) (t * lanes + lane) * factors.length, factors);
        }
      }
      if (words) {
        dropWords(window, dropout.embeddingKeepProbability(), noiseSeed);
      }
      return new Mask(masks[layer], steps * lanes);
    }

    /** Multiplies each row of the mask on the embeddings with the factor of its word. */
    private void dropWords(Window window, float keepProbability, long noiseSeed) {
      long key = key(window, noiseSeed, layers.length);
      for (int row = 0; row < window.inputs().length; row++) {
        float factor = DropoutNoise.factor(key, window.inputs()[row], keepProbability);
        long start = (long) row * factors.length;
        for (int unit = 0; unit < factors.length; unit++) {
          masks[0].put(start + unit, masks[0].get(start + unit) * factor);
        }
      }
    }
  }

  /**
   * Factors that activations are multiplied with.
   *
   * @param factors [rows, H]
   * @param rows after which they begin again
   */
  private record Mask(FloatIndexer factors, int rows) {}

  /**
   * Buffers and primitives, freed when it is closed.
   *
   * @param length T, time steps of the windows
   * @param trained how training is regularised; empty if windows are only evaluated
   * @param precision of training
   * @param state read at a window's begin and left at its end
   */
  OneDnnWindow(
      LstmShape shape,
      int length,
      Optional<Regularisation> trained,
      Precision precision,
      OneDnnParameters parameters,
      CarriedState state) {
    this.shape = shape;
    this.lanes = state.lanes();
    this.length = length;
    this.parameters = parameters;
    int l = shape.layers();
    this.layers = new LstmLayer[l];
    this.inputs = new FloatIndexer[l + 1];
    this.outputs = new FloatIndexer[l];
    boolean trains = trained.isPresent();
    this.rounded = trains && precision == Precision.BFLOAT16;
    this.dropsWeights = trains && trained.get().dropout().dropsWeights();
    this.softmaxSamples = trains ? samples(trained.get()) : 0;
    data_type operands = rounded ? data_type.bf16 : data_type.f32;
    try {
      LstmCell cell = new LstmCell(lanes, shape.hiddenSize());
      for (int layer = 0; layer < l; layer++) {
        layers[layer] =
            new LstmLayer(
                oneDnn,
                operands,
                shape,
                layer,
                parameters.layer(layer),
                dropsWeights,
                length,
                state,
                cell);
        inputs[layer] = FloatIndexer.create(layers[layer].inputs());
        outputs[layer] = FloatIndexer.create(layers[layer].outputs());
      }
      int rows = length * lanes;
      FloatPointer topGradient = null;
      if (trains) {
        memory top = oneDnn.zeros(rows, shape.hiddenSize());
        topGradient = oneDnn.floats(top);
        this.training = new Training(top, oneDnn.zeros(rows, shape.hiddenSize()));
      } else {
        this.training = null;
      }
      this.sampled =
          softmaxSamples > 0
              ? new SampledDecoder(oneDnn, parameters.decoder(), shape, softmaxSamples, rows)
              : null;
      this.softmax =
          sampled == null
              ? new SoftmaxLayer(oneDnn, parameters.decoder(), shape, precision, rows, topGradient)
              : new SoftmaxLayer(
                  oneDnn, sampled.rows(), sampled.shape(), precision, rows, topGradient);
      inputs[l] = softmax.inputs();
    } catch (RuntimeException | Error e) { // no memory
      oneDnn.close();
      throw e;
    }
  }

  /**
   * Whether this serves inference on windows of {@code steps} time steps. It is in float32 and of
   * all weights and words, so buffers of training in bfloat16, with weight-drop or with a sampled
   * softmax do not: who trains and infers in turn makes new ones each time.
   */
  boolean infers(int steps) {
    return steps == length && !rounded && !dropsWeights && sampled == null;
  }

  /** Whether this serves training on windows of {@code steps} time steps. */
  boolean trains(int steps, Regularisation regularisation) {
    return steps == length
        && training != null
        && dropsWeights == regularisation.dropout().dropsWeights()
        && softmaxSamples == samples(regularisation);
  }

  /** Words besides the targets that the softmax has; 0: all. */
  private int samples(Regularisation regularisation) {
    int samples = regularisation.softmaxSamples();
    return samples < shape.vocabularySize() ? samples : 0;
  }

  /** Σ −ln p without dropout, the lane state carried. */
  double infer(Window window) {
    forward(window.inputs());
    return softmax.infer(window.targets());
  }

  /** −ln p of each target of the last window, [T, B]. */
  double[] nats() {
    return softmax.nats();
  }

  /** ln p [N, V] of what follows {@code words} [N], without dropout, the lane state carried. */
  float[] next(int[] words) {
    forward(words);
    return softmax.logProbabilities();
  }

  private void forward(int[] words) {
    embed(words, null);
    for (int layer = 0; layer < layers.length; layer++) {
      layers[layer].forward();
      copyOutput(layer, null);
    }
    carry();
  }

  /** Σ −ln p with noise, the gradient kept, the lane state carried. */
  double train(Window window, Regularisation regularisation, long noiseSeed) {
    Mask[] masks = new Mask[layers.length + 1];
    for (int i = 0; i < masks.length; i++) {
      masks[i] = training.mask(window, regularisation.dropout(), noiseSeed, i);
    }
    embed(window.inputs(), masks[0]);
    for (int layer = 0; layer < layers.length; layer++) {
      if (dropsWeights) {
        layers[layer].dropWeights(
            key(window, noiseSeed, layer), regularisation.dropout().recurrentKeepProbability());
      }
      layers[layer].forward();
      copyOutput(layer, masks[layer + 1]);
    }
    int[] targets =
        sampled == null
            ? window.targets()
            : sampled.gather(window.inputs(), window.targets(), noiseSeed, window.index());
    double nats = softmax.train(targets, 1f / lanes); // the loss is a mean over lanes
    penaliseActivations(regularisation.activationPenalty());
    multiply(training.gradients[layers.length], masks[layers.length]);
    penaliseChanges(regularisation.temporalActivationPenalty());
    for (int layer = layers.length - 1; layer >= 0; layer--) {
      training.backward[layer].run();
      multiply(training.gradients[layer], masks[layer]);
    }
    if (!shape.tiedEmbeddings()) {
      training.embedding.sum(window.inputs());
    } else if (sampled == null) {
      parameters.addToTiedGradient(window.inputs(), training.gradients[0]);
    } else {
      sampled.addToGradient(window.inputs(), training.gradients[0]);
    }
    carry();
    return nats;
  }

  /** Σ g² over the whole gradient, in double. */
  double squares() {
    double ofDecoder = sampled == null ? parameters.decoder().squares() : sampled.squares();
    double squares = parameters.addLayersSquares(ofDecoder);
    return training == null ? squares : training.embedding.addSquares(squares);
  }

  /** parameters −= scale · g. */
  void step(double scale) {
    if (sampled == null) {
      parameters.decoder().step(scale);
    } else {
      sampled.step(scale);
    }
    parameters.stepLayers(scale);
    if (training != null) {
      training.embedding.step(scale, parameters.embedding());
    }
  }

  /** Writes the gradient to {@code flat}, which is zeros in the flat layout. */
  void getGradient(float[] flat) {
    parameters.getLayersGradient(flat);
    if (sampled == null) {
      parameters.getDecoderGradient(flat);
    } else {
      sampled.get(flat, parameters.decoderWeights(), parameters.decoderBias());
    }
    if (training != null) {
      training.embedding.get(flat, 0);
    }
  }

  /** The key of a mask that all lanes have in common. */
  private static long key(Window window, long noiseSeed, int layer) {
    return DropoutNoise.key(noiseSeed, window.index(), DropoutNoise.ALL_LANES, layer);
  }

  private void carry() {
    for (LstmLayer layer : layers) {
      layer.carry();
    }
  }

  /** Writes the words' embeddings to the first layer's inputs. */
  private void embed(int[] words, Mask mask) {
    for (int row = 0; row < words.length; row++) {
      long from = (long) words[row] * parameters.embeddingStride();
      copyRow(parameters.embedding(), from, inputs[0], row, shape.hiddenSize(), mask);
    }
  }

  /** Writes a layer's outputs to the next layer's inputs. */
  private void copyOutput(int layer, Mask mask) {
    int h = shape.hiddenSize();
    int stride = layer == layers.length - 1 ? h + 1 : h;
    for (int row = 0; row < length * lanes; row++) {
      copyRow(outputs[layer], (long) row * h, inputs[layer + 1], row, stride, mask);
    }
  }

  private void copyRow(
      FloatIndexer from, long offset, FloatIndexer to, int row, int stride, Mask mask) {
    int h = shape.hiddenSize();
    long start = (long) row * stride;
    if (mask == null) {
      for (int unit = 0; unit < h; unit++) {
        to.put(start + unit, from.get(offset + unit));
      }
    } else {
      long factors = (long) (row % mask.rows) * h;
      for (int unit = 0; unit < h; unit++) {
        to.put(start + unit, from.get(offset + unit) * mask.factors.get(factors + unit));
      }
    }
  }

  /** Adds the gradient of the penalty on the inputs of the softmax layer to theirs. */
  private void penaliseActivations(float penalty) {
    if (penalty == 0) {
      return;
    }
    int h = shape.hiddenSize();
    FloatIndexer gradient = training.gradients[layers.length];
    float factor = 2 * penalty / (lanes * h);
    for (long row = 0; row < (long) length * lanes; row++) {
      for (int unit = 0; unit < h; unit++) {
        float activation = inputs[layers.length].get(row * (h + 1) + unit);
        add(gradient, row * h + unit, factor * activation);
      }
    }
  }

  /** Adds the gradient of the penalty on the changes of the last layer's outputs to theirs. */
  private void penaliseChanges(float penalty) {
    if (penalty == 0) {
      return;
    }
    long step = (long) lanes * shape.hiddenSize();
    FloatIndexer output = outputs[layers.length - 1];
    FloatIndexer gradient = training.gradients[layers.length];
    float factor = 2 * penalty / step;
    for (long i = step; i < length * step; i++) {
      float slope = factor * (output.get(i) - output.get(i - step));
      add(gradient, i, slope);
      add(gradient, i - step, -slope);
    }
  }

  private static void add(FloatIndexer to, long at, float value) {
    to.put(at, to.get(at) + value);
  }

  private void multiply(FloatIndexer rows, Mask mask) {
    if (mask == null) {
      return;
    }
    int h = shape.hiddenSize();
    for (int row = 0; row < length * lanes; row++) {
      copyRow(rows, (long) row * h, rows, row, h, mask);
    }
  }

  @Override
  public void close() {
    oneDnn.close();
  }
}
