package org.sparklstm.engine.onednn;

import static org.bytedeco.dnnl.memory.data_type.bf16;
import static org.bytedeco.dnnl.memory.data_type.f32;

import org.bytedeco.dnnl.memory;
import org.bytedeco.javacpp.FloatPointer;

/**
 * Products whose operands are rounded to bfloat16. They are added up in float32, and the results
 * are float32. A rounded row begins at a multiple of 16 bytes, which makes products faster.
 */
final class Bfloat16Products {
  private static final long ALIGNED = 8; // numbers

  private final OneDnn oneDnn;
  private final long height; // H + 1
  private final long stride; // of a rounded row of H + 1
  private final long width; // V
  private final MatrixCopy matrix; // [V, H + 1]
  private final memory logitGradients; // [rows of a block at most, V]
  private final memory scale; // one float

  /**
   * Buffers for the blocks of a layer.
   *
   * @param decoder [V, H + 1]
   * @param height H + 1
   * @param width V
   * @param rows of a block at most
   */
  Bfloat16Products(OneDnn oneDnn, Trainable decoder, long height, long width, long rows) {
    this.oneDnn = oneDnn;
    this.height = height;
    this.stride = stride(height);
    this.width = width;
    this.matrix =
        new MatrixCopy(
            oneDnn,
            decoder,
            oneDnn.view(decoder.values(), width, height),
            oneDnn.matrix(bf16, width, height, stride, 1));
    this.logitGradients = oneDnn.memory(oneDnn.matrix(bf16, rows, width, width, 1));
    this.scale = oneDnn.memory(oneDnn.matrix(f32, 1, 1, 1, 1));
  }

  private static long stride(long height) {
    return (height + ALIGNED - 1) / ALIGNED * ALIGNED;
  }

  /** Bytes of the buffers, an upper bound; {@code rows} are of a window. */
  static long bytes(long height, long width, long rows, long blockRows) {
    return 2 * (stride(height) * (width + rows) + width * blockRows);
  }

  /** The products of a block. */
  SoftmaxProducts of(SoftmaxProducts.Operands operands) {
    return new OfBlock(operands);
  }

  /** Products that are made once and run for each window. */
  private final class OfBlock implements SoftmaxProducts {
    private final FloatPointer factor = oneDnn.floats(scale);
    private final Runnable roundInputs;
    private final Runnable logits;
    private final Runnable roundGradients;
    private final Runnable inputGradient;
    private final Runnable matrixGradient;

    OfBlock(Operands of) {
      long rows = of.inputs().rows();
      memory inputs = oneDnn.memory(oneDnn.matrix(bf16, rows, height, stride, 1));
      roundInputs = oneDnn.reorder(oneDnn.view(of.inputs()), inputs);
      logits =
          oneDnn.product(
              inputs, oneDnn.transposed(matrix.memory()), oneDnn.view(of.logits()), false);
      memory gradients = oneDnn.firstRows(logitGradients, rows);
      roundGradients = oneDnn.scaledReorder(oneDnn.view(of.logits()), gradients, scale);
      inputGradient =
          oneDnn.product(
              gradients, withoutBias(matrix.memory()), oneDnn.view(of.inputGradient()), false);
      matrixGradient =
          oneDnn.product(
              oneDnn.transposed(gradients), inputs, oneDnn.view(of.matrixGradient()), !of.first());
    }

    /** A view without the last column. */
    private memory withoutBias(memory rounded) {
      return oneDnn.memory(
          oneDnn.matrix(bf16, width, height - 1, stride, 1), rounded.get_data_handle());
    }

    @Override
    public void logits() {
      matrix.refresh();
      roundInputs.run();
      logits.run();
    }

    @Override
    public void gradients(float by) {
      factor.put(by);
      roundGradients.run();
      inputGradient.run();
      matrixGradient.run();
    }
  }
}
