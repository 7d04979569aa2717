package org.sparklstm.engine;

import static org.bytedeco.dnnl.global.dnnl.DNNL_ARG_DST;
import static org.bytedeco.dnnl.global.dnnl.DNNL_ARG_SCRATCHPAD;
import static org.bytedeco.dnnl.global.dnnl.DNNL_ARG_SRC;

import java.util.ArrayList;
import java.util.List;
import org.bytedeco.dnnl.IntMemoryMap;
import org.bytedeco.dnnl.global.dnnl.algorithm;
import org.bytedeco.dnnl.global.dnnl.prop_kind;
import org.bytedeco.dnnl.memory;
import org.bytedeco.dnnl.memory.format_tag;
import org.bytedeco.dnnl.softmax_forward;
import org.bytedeco.javacpp.FloatPointer;
import org.bytedeco.javacpp.indexer.FloatIndexer;
import org.sparklstm.model.LstmSpec;
import org.sparklstm.model.LstmSpec.DropoutMode;
import org.sparklstm.text.Window;

/**
 * What a {@link FusedReplica} computes on windows of one length: N = T·B rows of activations,
 * time-major. The softmax layer's inputs [N, H + 1] end in a column of ones: one product with its
 * matrix adds the bias, one sums the bias's gradient. Logits exist for one block of rows at a time.
 */
final class FusedWindow implements AutoCloseable {
  /** Logits at a time: a block's products run at full rate, and two workers' blocks stay in L3. */
  private static final int BLOCK_LOGITS = 4 << 20;

  private final LstmSpec spec;
  private final int lanes;
  private final int length;
  private final boolean training;
  private final FusedParameters parameters;
  private final OneDnn oneDnn;
  private final LstmPrimitives.Layer[] layers;
  private final FloatIndexer[] inputs; // of each LSTM layer [N, H], of the softmax layer [N, H + 1]
  private final FloatIndexer[] outputs; // of each LSTM layer, [N, H]
  private final FloatIndexer logits;
  private final FloatPointer logitsPointer;
  private final List<Block> blocks = new ArrayList<>();

  // Only for training:
  private final FloatIndexer[] gradients = new FloatIndexer[2]; // of inputs, [N, H], by turns
  private final FloatIndexer[] masks; // on each of inputs; [N, H], or [B, H] if locked
  private final float[] factors; // a row of a mask

  /** Some rows of the softmax layer. */
  private record Block(
      int first,
      int rows,
      FloatPointer inputs,
      FloatPointer inputGradients,
      softmax_forward softmax,
      IntMemoryMap arguments) {}

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
    FloatPointer top = oneDnn.zeros(rows * (h + 1L));
    inputs[l] = FloatIndexer.create(top);
    for (int row = 0; row < rows; row++) {
      inputs[l].put(row * (h + 1L) + h, 1);
    }
    boolean dropped = training && spec.keepProbability() < 1;
    this.masks = new FloatIndexer[dropped ? l + 1 : 0];
    this.factors = new float[h];
    for (int i = 0; i < masks.length; i++) {
      masks[i] = FloatIndexer.create(oneDnn.zeros((long) maskSteps() * lanes * h));
    }
    int blockRows = blockRows(rows);
    this.logitsPointer = oneDnn.zeros((long) blockRows * spec.vocabularySize());
    this.logits = FloatIndexer.create(logitsPointer);
    FloatPointer topGradient = training ? oneDnn.floats(gradientMemory[l % 2]) : null;
    for (int first = 0; first < rows; first += blockRows) {
      blocks.add(block(first, Math.min(blockRows, rows - first), top, topGradient));
    }
  }

  /** Rows of a block: as few blocks as possible of at most {@link #BLOCK_LOGITS}, evenly filled. */
  private int blockRows(int rows) {
    int most = Math.max(1, BLOCK_LOGITS / spec.vocabularySize());
    int count = (rows - 1) / most + 1;
    return (rows - 1) / count + 1;
  }

  private Block block(int first, int rows, FloatPointer top, FloatPointer topGradient) {
    int h = spec.hiddenSize();
    memory.desc shape = oneDnn.shape(format_tag.ab, rows, spec.vocabularySize());
    softmax_forward.primitive_desc description =
        oneDnn.keep(
            new softmax_forward.primitive_desc(
                oneDnn.engine(),
                prop_kind.forward_inference,
                algorithm.softmax_accurate,
                shape,
                shape,
                1,
                oneDnn.attributes(),
                false));
    memory block = oneDnn.memory(shape, logitsPointer);
    long scratch = description.scratchpad_desc().get_size();
    memory scratchpad = oneDnn.memory(oneDnn.shape(format_tag.a, scratch / Float.BYTES + 1));
    return new Block(
        first,
        rows,
        top.getPointer(first * (h + 1L)),
        training ? topGradient.getPointer((long) first * h) : null,
        oneDnn.keep(new softmax_forward(description)),
        oneDnn.arguments(
            DNNL_ARG_SRC, block, DNNL_ARG_DST, block, DNNL_ARG_SCRATCHPAD, scratchpad));
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
    double nats = 0;
    for (Block block : blocks) {
      nats += probabilities(block, window.targets());
    }
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
    double nats = 0;
    for (Block block : blocks) {
      nats += probabilities(block, window.targets());
      back(block, window.targets());
    }
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

  /** Leaves a block's probabilities in the logits; returns Σ −ln p. */
  private double probabilities(Block block, int[] targets) {
    int h = spec.hiddenSize();
    int v = spec.vocabularySize();
    OneDnn.multiply(
        'N',
        'T',
        block.rows(),
        v,
        h + 1,
        1,
        block.inputs(),
        h + 1,
        parameters.decoder().values(),
        h + 1,
        0,
        logitsPointer,
        v);
    oneDnn.execute(block.softmax(), block.arguments());
    double nats = 0;
    for (int row = 0; row < block.rows(); row++) {
      nats += minusLog(block, row, targets[block.first() + row]);
    }
    return nats;
  }

  private double minusLog(Block block, int row, int target) {
    long start = (long) row * spec.vocabularySize();
    float probability = logits.get(start + target);
    if (!(probability < 1e-30f)) {
      return -Math.log(probability);
    }
    // Too small for a float: from two logits.
    int likely = 0;
    for (int word = 1; word < spec.vocabularySize(); word++) {
      if (logits.get(start + word) > logits.get(start + likely)) {
        likely = word;
      }
    }
    return logit(block, row, likely)
        - Math.log(logits.get(start + likely))
        - logit(block, row, target);
  }

  private double logit(Block block, int row, int word) {
    int stride = spec.hiddenSize() + 1;
    FloatIndexer input = inputs[layers.length];
    FloatPointer weight = parameters.decoder().values();
    double sum = 0;
    for (int i = 0; i < stride; i++) {
      sum +=
          (double) input.get((long) (block.first() + row) * stride + i)
              * weight.get((long) word * stride + i);
    }
    return sum;
  }

  /** From a block's probabilities to the gradients of the softmax layer and of its inputs. */
  private void back(Block block, int[] targets) {
    int h = spec.hiddenSize();
    int v = spec.vocabularySize();
    for (int row = 0; row < block.rows(); row++) {
      long target = (long) row * v + targets[block.first() + row];
      logits.put(target, logits.get(target) - 1);
    }
    float meanOverLanes = 1f / lanes;
    OneDnn.multiply(
        'N',
        'N',
        block.rows(),
        h,
        v,
        meanOverLanes,
        logitsPointer,
        v,
        parameters.decoder().values(),
        h + 1,
        0,
        block.inputGradients(),
        h);
    OneDnn.multiply(
        'T',
        'N',
        v,
        h + 1,
        block.rows(),
        meanOverLanes,
        logitsPointer,
        v,
        block.inputs(),
        h + 1,
        block.first() == 0 ? 0 : 1,
        parameters.decoder().gradient(),
        h + 1);
  }

  @Override
  public void close() {
    oneDnn.close();
  }
}
