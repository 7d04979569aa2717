package org.sparklstm.engine.onednn;

import java.util.Arrays;
import java.util.Collections;
import java.util.HashMap;
import java.util.Map;
import java.util.Optional;
import org.bytedeco.dnnl.memory;
import org.bytedeco.dnnl.memory.data_type;
import org.bytedeco.javacpp.FloatPointer;
import org.bytedeco.javacpp.indexer.FloatIndexer;
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
  private final FloatIndexer[] inputs; // of each LSTM layer [N, I], of the softmax layer [N, I + 1]
  private final FloatIndexer[] outputs; // of each LSTM layer, [N, H]
  private final DropoutMask[] masks; // on the inputs of each
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
    private final EmbeddingGradient embedding;

    /**
     * Buffers and primitives.
     *
     * @param buffers two, for the gradients of inputs by turns; the first one is the softmax
     *     layer's
     */
    Training(FloatPointer... buffers) {
      int l = layers.length;
      this.backward = new LstmLayer.Backward[l];
      this.gradients = new FloatIndexer[l + 1];
      memory above = null;
      for (int layer = l; layer >= 0; layer--) {
        FloatPointer buffer = buffers[(l - layer) % 2];
        memory gradient = oneDnn.view(buffer, (long) length * lanes, shape.inputSize(layer));
        gradients[layer] = FloatIndexer.create(oneDnn.floats(gradient));
        if (layer < l) {
          backward[layer] = layers[layer].new Backward(above, gradient);
        }
        above = gradient;
      }
      this.embedding =
          new EmbeddingGradient(
              gradients[0], length * lanes, shape.vocabularySize(), shape.embeddingSize());
    }
  }

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
    this.masks = new DropoutMask[l + 1];
    Arrays.setAll(masks, i -> new DropoutMask(oneDnn, i, l, lanes, length, shape.inputSize(i)));
    boolean trains = trained.isPresent();
    this.rounded = trains && precision == Precision.BFLOAT16;
    this.dropsWeights = trains && trained.get().dropout().dropsWeights();
    this.softmaxSamples = trains ? samples(trained.get()) : 0;
    data_type operands = rounded ? data_type.bf16 : data_type.f32;
    try {
      Map<Integer, LstmCell> cells = new HashMap<>();
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
                cells.computeIfAbsent(shape.hiddenSize(layer), h -> new LstmCell(lanes, h)));
        inputs[layer] = FloatIndexer.create(layers[layer].inputs());
        outputs[layer] = FloatIndexer.create(layers[layer].outputs());
      }
      int rows = length * lanes;
      int out = shape.outputSize();
      FloatPointer topGradient = null;
      if (trains) {
        topGradient = oneDnn.zeros(rows * widest(shape));
        this.training = new Training(topGradient, oneDnn.zeros(rows * widest(shape)));
      } else {
        this.training = null;
      }
      this.sampled =
          softmaxSamples > 0
              ? new SampledDecoder(oneDnn, parameters.decoder(), shape, softmaxSamples, rows)
              : null;
      this.softmax =
          sampled == null
              ? new SoftmaxLayer(oneDnn, parameters.decoder(), out, precision, rows, topGradient)
              : new SoftmaxLayer(oneDnn, sampled.rows(), out, precision, rows, topGradient);
      inputs[l] = softmax.inputs();
    } catch (RuntimeException | Error e) { // no memory
      oneDnn.close();
      throw e;
    }
  }

  /** The size of the largest inputs of a layer, the softmax layer's too. */
  private static long widest(LstmShape shape) {
    return Math.max(shape.embeddingSize(), Collections.max(shape.hiddenSizes()));
  }

  /**
   * Bytes outside the Java heap that such buffers take, an upper bound.
   *
   * @param precision of training
   */
  static long bytes(LstmShape shape, Precision precision, long lanes, long length) {
    long v = shape.vocabularySize();
    long out = shape.outputSize();
    long n = length * lanes;
    // The softmax layer's matrix packed, for inference; a sampled softmax has its rows and their
    // gradient in the place of this and of a gradient.
    long weights = v * (out + 1);
    // Two gradients and the softmax layer's inputs and mask.
    long activations = 2 * n * (widest(shape) + out);
    long logits = SoftmaxLayer.logits(v, n);
    long rounded = Bfloat16Products.bytes(out + 1, v, n, logits / v);
    for (int layer = 0; layer < shape.layers(); layer++) {
      long i = shape.inputSize(layer);
      long h = shape.hiddenSize(layer);
      // Recurrent weights after weight-drop; the same packed for both ways, in blocks of 64
      // columns.
      weights += 4 * h * h + (4 * h + 63) / 64 * 64 * h + (h + 63) / 64 * 64 * 4 * h;
      // Inputs, mask, gates, g, cells, their tanh and outputs. The carried state, the state before
      // the window and the gradient of the hidden state.
      activations += n * (2 * i + 8 * h) + 5 * lanes * h;
      rounded += 2 * (4 * h * i + n * (i + 5 * h));
    }
    return Float.BYTES * (weights + activations + logits)
        + (precision == Precision.BFLOAT16 ? rounded : 0);
  }

  /**
   * Whether this serves inference. It is in float32 and of all weights and words, so buffers of
   * training in bfloat16, with weight-drop or with a sampled softmax do not: who trains and infers
   * in turn makes new ones each time.
   */
  boolean infers() {
    return !rounded && !dropsWeights && sampled == null;
  }

  /** Whether this serves such training. */
  boolean trains(Regularisation regularisation) {
    return training != null
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
    for (DropoutMask mask : masks) {
      mask.keepAll();
    }
    embed(words);
    for (int layer = 0; layer < layers.length; layer++) {
      layers[layer].forward();
      copyOutput(layer);
    }
    carry();
  }

  /** Σ −ln p with noise, the gradient kept, the lane state carried. */
  double train(Window window, Regularisation regularisation, long noiseSeed) {
    for (DropoutMask mask : masks) {
      mask.draw(window, regularisation.dropout(), noiseSeed);
    }
    embed(window.inputs());
    for (int layer = 0; layer < layers.length; layer++) {
      if (dropsWeights) {
        layers[layer].dropWeights(
            DropoutNoise.key(noiseSeed, window.index(), DropoutNoise.ALL_LANES, layer),
            regularisation.dropout().recurrentKeepProbability());
      }
      layers[layer].forward();
      copyOutput(layer);
    }
    int[] targets =
        sampled == null
            ? window.targets()
            : sampled.gather(window.inputs(), window.targets(), noiseSeed, window.index());
    double nats = softmax.train(targets, 1f / lanes); // the loss is a mean over lanes
    penaliseActivations(regularisation.activationPenalty());
    masks[layers.length].multiply(training.gradients[layers.length]);
    penaliseChanges(regularisation.temporalActivationPenalty());
    for (int layer = layers.length - 1; layer >= 0; layer--) {
      training.backward[layer].run();
      masks[layer].multiply(training.gradients[layer]);
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

  private void carry() {
    for (LstmLayer layer : layers) {
      layer.carry();
    }
  }

  /** Writes the words' embeddings to the first layer's inputs. */
  private void embed(int[] words) {
    long e = shape.embeddingSize();
    for (int row = 0; row < words.length; row++) {
      long from = (long) words[row] * parameters.embeddingStride();
      masks[0].copy(parameters.embedding(), from, inputs[0], row * e, row);
    }
  }

  /** Writes a layer's outputs to the next layer's inputs. */
  private void copyOutput(int layer) {
    long h = shape.hiddenSize(layer);
    long stride = layer == layers.length - 1 ? h + 1 : h;
    for (int row = 0; row < length * lanes; row++) {
      masks[layer + 1].copy(outputs[layer], row * h, inputs[layer + 1], row * stride, row);
    }
  }

  /** Adds the gradient of the penalty on the inputs of the softmax layer to theirs. */
  private void penaliseActivations(float penalty) {
    if (penalty == 0) {
      return;
    }
    int h = shape.outputSize();
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
    long step = (long) lanes * shape.outputSize();
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

  @Override
  public void close() {
    oneDnn.close();
  }
}
