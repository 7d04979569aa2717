package org.sparklstm.engine.onednn;

import org.bytedeco.dnnl.matmul;
import org.bytedeco.dnnl.memory;
import org.bytedeco.dnnl.memory.data_type;
import org.bytedeco.dnnl.memory.format_tag;

/**
 * The softmax layer's matrix in the order in which oneDNN multiplies fastest. Packing costs as much
 * as a product of a few rows, so it is for a matrix that stays the same for many windows: with few
 * rows, products are up to three times as fast.
 */
final class PackedMatrix {
  private final OneDnn oneDnn;
  private final Trainable source;
  private final long height; // K
  private final long width; // V
  private MatrixCopy packed; // null before the first product is made

  /**
   * Packs nothing yet.
   *
   * @param source [V, K], of which the transpose is packed
   */
  PackedMatrix(OneDnn oneDnn, Trainable source, long width, long height) {
    this.oneDnn = oneDnn;
    this.source = source;
    this.height = height;
    this.width = width;
  }

  /**
   * The product of {@code left} [m, K] and this [K, V], written to {@code result} [m, V] each time
   * it runs.
   */
  Runnable product(Matrix left, Matrix result) {
    memory.desc rows = oneDnn.shape(format_tag.ab, left.rows(), height);
    memory.desc products = oneDnn.shape(format_tag.ab, left.rows(), width);
    if (packed == null) {
      memory.desc plain = oneDnn.shape(format_tag.ba, height, width);
      packed = new MatrixCopy(oneDnn, source, plain, fastest(rows, products));
    }
    Runnable multiply =
        oneDnn.product(
            oneDnn.memory(rows, left.floats()),
            packed.memory(),
            oneDnn.memory(products, result.floats()),
            false);
    return () -> {
      packed.refresh();
      multiply.run();
    };
  }

  /** The order that oneDNN chooses for products of this shape. */
  private memory.desc fastest(memory.desc rows, memory.desc products) {
    memory.desc any =
        oneDnn.keep(new memory.desc(new long[] {height, width}, data_type.f32, format_tag.any));
    matmul.primitive_desc description =
        oneDnn.keep(
            new matmul.primitive_desc(
                oneDnn.engine(), rows, any, products, oneDnn.attributes(), false));
    return oneDnn.keep(description.weights_desc());
  }
}
