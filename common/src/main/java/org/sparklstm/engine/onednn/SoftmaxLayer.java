package org.sparklstm.engine.onednn;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Function;
import org.bytedeco.dnnl.global.dnnl.algorithm;
import org.bytedeco.dnnl.memory;
import org.bytedeco.dnnl.memory.data_type;
import org.bytedeco.javacpp.FloatPointer;
import org.bytedeco.javacpp.indexer.FloatIndexer;
import org.sparklstm.engine.Precision;

/**
 * The softmax layer and its loss on N rows of activations. Its inputs [N, H + 1] end in a column of
 * ones: one product with its matrix [V, H + 1] adds the bias, one sums the bias's gradient. Logits
 * exist for one block of rows at a time.
 */
final class SoftmaxLayer {
  /** Logits at a time: a block's products run at full rate, and two workers' blocks stay in L3. */
  private static final int BLOCK_LOGITS = 4 << 20;

  private final OneDnn oneDnn;
  private final int vocabularySize;
  private final int stride; // H + 1
  private final Matrix matrix; // [V, H + 1]
  private final PackedMatrix packed; // the same, transposed, for inference
  private final Matrix inputs; // [N, H + 1]
  private final FloatIndexer inputRows;
  private final FloatPointer logits;
  private final FloatIndexer logitRows;
  private final double[] nats; // [N]
  private final List<Block> blocks = new ArrayList<>();
  private final List<Runnable> inferredLogits = new ArrayList<>(); // of each block; none before
  private final Map<Integer, Runnable> softmax = new HashMap<>(); // by rows
  private final Map<Integer, Runnable> logSoftmax = new HashMap<>();

  /**
   * A block of rows, whose logits exist at the same time. The backward pass has the gradients of
   * the logits in the logits' place.
   *
   * @param logits [rows, V]
   * @param products null if nothing is trained
   */
  private record Block(int first, int rows, Matrix logits, SoftmaxProducts products) {}

  /**
   * Buffers and primitives, which {@code oneDnn} owns.
   *
   * @param decoder [V, H + 1]
   * @param inputSize H
   * @param precision of training
   * @param rows N
   * @param inputGradient [N, H], written by {@link #train}; null if that is not called
   */
  SoftmaxLayer(
      OneDnn oneDnn,
      Trainable decoder,
      int inputSize,
      Precision precision,
      int rows,
      FloatPointer inputGradient) {
    this.oneDnn = oneDnn;
    this.stride = inputSize + 1;
    this.vocabularySize = decoder.size() / stride;
    this.matrix = Matrix.of(decoder.values(), vocabularySize, stride);
    this.packed =
        new PackedMatrix(
            oneDnn,
            decoder,
            oneDnn.transposed(oneDnn.view(decoder.values(), vocabularySize, stride)),
            data_type.f32);
    this.inputs = Matrix.of(oneDnn.zeros((long) rows * stride), rows, stride);
    this.inputRows = FloatIndexer.create(inputs.floats());
    for (int row = 0; row < rows; row++) {
      inputRows.put((row + 1L) * stride - 1, 1);
    }
    int blockRows = blockRows(rows);
    this.logits = oneDnn.zeros((long) blockRows * vocabularySize);
    this.logitRows = FloatIndexer.create(logits);
    this.nats = new double[rows];
    boolean trains = inputGradient != null;
    Function<SoftmaxProducts.Operands, SoftmaxProducts> multiplied =
        trains && precision == Precision.BFLOAT16
            ? new Bfloat16Products(oneDnn, decoder, stride, vocabularySize, blockRows)::of
            : operands -> new Float32Products(oneDnn, operands);
    for (int first = 0; first < rows; first += blockRows) {
      int count = Math.min(blockRows, rows - first);
      Matrix blockLogits = Matrix.of(logits, count, vocabularySize);
      SoftmaxProducts products = null;
      if (trains) {
        products =
            multiplied.apply(
                new SoftmaxProducts.Operands(
                    inputs.rows(first, count),
                    matrix,
                    blockLogits,
                    Matrix.of(inputGradient, rows, stride - 1L).rows(first, count),
                    Matrix.of(decoder.gradient(), vocabularySize, stride),
                    first == 0));
      }
      blocks.add(new Block(first, count, blockLogits, products));
      softmax.computeIfAbsent(count, size -> softmax(size, algorithm.softmax_accurate));
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

  /** In place, on the logits of a block. */
  private Runnable softmax(int rows, algorithm kind) {
    memory block = oneDnn.view(logits, rows, vocabularySize);
    return oneDnn.softmax(kind, block.get_desc()).on(block, block);
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
    double sum = 0;
    for (int block = 0; block < blocks.size(); block++) {
      inferLogits(block);
      sum += probabilities(blocks.get(block), targets);
    }
    return sum;
  }

  /** Computes a block's logits with the packed matrix, which training would have to pack anew. */
  private void inferLogits(int block) {
    if (inferredLogits.isEmpty()) {
      for (Block each : blocks) {
        memory rows = oneDnn.view(inputs.rows(each.first(), each.rows()));
        memory results = oneDnn.view(each.logits());
        inferredLogits.add(
            packed.products(rows.get_desc(), results.get_desc(), false).on(rows, results));
      }
    }
    inferredLogits.get(block).run();
  }

  /** A new array of −ln p of each of the last targets, [N]. */
  double[] nats() {
    return nats.clone();
  }

  /** A new array of ln p [N, V] for the inputs. */
  float[] logProbabilities() {
    float[] all = new float[Math.multiplyExact(nats.length, vocabularySize)];
    for (int i = 0; i < blocks.size(); i++) {
      Block block = blocks.get(i);
      inferLogits(i);
      logSoftmax.computeIfAbsent(block.rows(), rows -> softmax(rows, algorithm.softmax_log)).run();
      logits.get(all, block.first() * vocabularySize, block.rows() * vocabularySize);
    }
    return all;
  }

  /**
   * Σ −ln p, with the gradients of the matrix and of the inputs.
   *
   * @param targets [N]
   * @param scale what the gradients are multiplied with
   */
  double train(int[] targets, float scale) {
    double sum = 0;
    for (Block block : blocks) {
      block.products().logits();
      sum += probabilities(block, targets);
      back(block, targets, scale);
    }
    return sum;
  }

  /** Leaves a block's probabilities in the place of its logits; returns Σ −ln p. */
  private double probabilities(Block block, int[] targets) {
    softmax.get(block.rows()).run();
    double sum = 0;
    for (int row = 0; row < block.rows(); row++) {
      int place = block.first() + row;
      nats[place] = minusLog(block, row, targets[place]);
      sum += nats[place];
    }
    return sum;
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
    double sum = 0;
    for (int i = 0; i < stride; i++) {
      sum +=
          (double) inputRows.get((long) (block.first() + row) * stride + i)
              * matrix.floats().get((long) word * stride + i);
    }
    return sum;
  }

  /** From a block's probabilities to the gradients of the matrix and of the block's inputs. */
  private void back(Block block, int[] targets, float scale) {
    for (int row = 0; row < block.rows(); row++) {
      long target = (long) row * vocabularySize + targets[block.first() + row];
      logitRows.put(target, logitRows.get(target) - 1);
    }
    block.products().gradients(scale);
  }
}
