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

/**
 * The softmax layer and its loss on N rows of activations. Its inputs [N, H + 1] end in a column of
 * ones: one product with its matrix [V, H + 1] adds the bias, one sums the bias's gradient. Logits
 * exist for one block of rows at a time.
 */
final class SoftmaxLayer {
  /** Logits at a time: a block's products run at full rate, and two workers' blocks stay in L3. */
  private static final int BLOCK_LOGITS = 4 << 20;

  private final OneDnn oneDnn;
  private final Parameter decoder;
  private final int vocabularySize;
  private final int stride; // H + 1
  private final FloatPointer inputs;
  private final FloatIndexer inputRows;
  private final FloatPointer logits;
  private final FloatIndexer logitRows;
  private final List<Block> blocks = new ArrayList<>();

  /**
   * Some rows.
   *
   * @param inputGradients [rows, H], or null if nothing is trained
   */
  private record Block(
      int first,
      int rows,
      FloatPointer inputs,
      FloatPointer inputGradients,
      softmax_forward softmax,
      IntMemoryMap arguments) {}

  /**
   * Buffers and primitives, which {@code oneDnn} owns.
   *
   * @param decoder [V, H + 1]
   * @param rows N
   * @param inputGradients [N, H], written by {@link #train}; null if that is not called
   */
  SoftmaxLayer(
      OneDnn oneDnn,
      Parameter decoder,
      int vocabularySize,
      int hiddenSize,
      int rows,
      FloatPointer inputGradients) {
    this.oneDnn = oneDnn;
    this.decoder = decoder;
    this.vocabularySize = vocabularySize;
    this.stride = hiddenSize + 1;
    this.inputs = oneDnn.zeros((long) rows * stride);
    this.inputRows = FloatIndexer.create(inputs);
    for (int row = 0; row < rows; row++) {
      inputRows.put((long) row * stride + hiddenSize, 1);
    }
    int blockRows = blockRows(rows);
    this.logits = oneDnn.zeros((long) blockRows * vocabularySize);
    this.logitRows = FloatIndexer.create(logits);
    for (int first = 0; first < rows; first += blockRows) {
      blocks.add(block(first, Math.min(blockRows, rows - first), inputGradients));
    }
  }

  /** Logits that exist at a time, at most. */
  static long logits(long vocabularySize, long rows) {
    return Math.max(vocabularySize, Math.min(rows * vocabularySize, BLOCK_LOGITS));
  }

  /** Rows of a block: as few blocks as possible of at most {@link #BLOCK_LOGITS}, evenly filled. */
  private int blockRows(int rows) {
    int most = Math.max(1, BLOCK_LOGITS / vocabularySize);
    int count = (rows - 1) / most + 1;
    return (rows - 1) / count + 1;
  }

  private Block block(int first, int rows, FloatPointer inputGradients) {
    FloatPointer blockInputs = inputs.getPointer((long) first * stride);
    FloatPointer blockGradients =
        inputGradients == null ? null : inputGradients.getPointer(first * (stride - 1L));
    if (!blocks.isEmpty() && blocks.get(0).rows() == rows) { // all but the last are alike
      Block same = blocks.get(0);
      return new Block(first, rows, blockInputs, blockGradients, same.softmax(), same.arguments());
    }
    memory.desc shape = oneDnn.shape(format_tag.ab, rows, vocabularySize);
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
    memory block = oneDnn.memory(shape, logits);
    memory scratchpad = oneDnn.scratchpad(description.scratchpad_desc());
    return new Block(
        first,
        rows,
        blockInputs,
        blockGradients,
        oneDnn.keep(new softmax_forward(description)),
        oneDnn.arguments(
            DNNL_ARG_SRC, block, DNNL_ARG_DST, block, DNNL_ARG_SCRATCHPAD, scratchpad));
  }

  /** The inputs [N, H + 1], whose last column is one. */
  FloatIndexer inputs() {
    return inputRows;
  }

  /**
   * Σ −ln p.
   *
   * @param targets [N]
   */
  double infer(int[] targets) {
    double nats = 0;
    for (Block block : blocks) {
      nats += probabilities(block, targets);
    }
    return nats;
  }

  /**
   * Σ −ln p, with the gradients of the matrix and of the inputs.
   *
   * @param targets [N]
   * @param scale what the gradients are multiplied with
   */
  double train(int[] targets, float scale) {
    double nats = 0;
    for (Block block : blocks) {
      nats += probabilities(block, targets);
      back(block, targets, scale);
    }
    return nats;
  }

  /** Leaves a block's probabilities in the logits; returns Σ −ln p. */
  private double probabilities(Block block, int[] targets) {
    int v = vocabularySize;
    OneDnn.multiply(
        'N',
        'T',
        block.rows(),
        v,
        stride,
        1,
        block.inputs(),
        stride,
        decoder.values(),
        stride,
        0,
        logits,
        v);
    oneDnn.execute(block.softmax(), block.arguments());
    double nats = 0;
    for (int row = 0; row < block.rows(); row++) {
      nats += minusLog(block, row, targets[block.first() + row]);
    }
    return nats;
  }

  private double minusLog(Block block, int row, int target) {
    long start = (long) row * vocabularySize;
    float probability = logitRows.get(start + target);
    if (!(probability < 1e-30f)) {
      return -Math.log(probability);
    }
    // Too small for a float: from two logits.
    int likely = 0;
    for (int word = 1; word < vocabularySize; word++) {
      if (logitRows.get(start + word) > logitRows.get(start + likely)) {
        likely = word;
      }
    }
    return logit(block, row, likely)
        - Math.log(logitRows.get(start + likely))
        - logit(block, row, target);
  }

  private double logit(Block block, int row, int word) {
    FloatPointer weight = decoder.values();
    double sum = 0;
    for (int i = 0; i < stride; i++) {
      sum +=
          (double) inputRows.get((long) (block.first() + row) * stride + i)
              * weight.get((long) word * stride + i);
    }
    return sum;
  }

  /** From a block's probabilities to the gradients of the matrix and of the block's inputs. */
  private void back(Block block, int[] targets, float scale) {
    int h = stride - 1;
    int v = vocabularySize;
    for (int row = 0; row < block.rows(); row++) {
      long target = (long) row * v + targets[block.first() + row];
      logitRows.put(target, logitRows.get(target) - 1);
    }
    OneDnn.multiply(
        'N',
        'N',
        block.rows(),
        h,
        v,
        scale,
        logits,
        v,
        decoder.values(),
        stride,
        0,
        block.inputGradients(),
        h);
    OneDnn.multiply(
        'T',
        'N',
        v,
        stride,
        block.rows(),
        scale,
        logits,
        v,
        block.inputs(),
        stride,
        block.first() == 0 ? 0 : 1,
        decoder.gradient(),
        stride);
  }
}
