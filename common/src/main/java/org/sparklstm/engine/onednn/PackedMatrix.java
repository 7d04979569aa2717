package org.sparklstm.engine.onednn;

import org.bytedeco.dnnl.matmul;
import org.bytedeco.dnnl.memory;
import org.bytedeco.dnnl.memory.data_type;
import org.bytedeco.dnnl.memory.format_tag;
import org.bytedeco.javacpp.LongPointer;

/**
 * Parameters in the order in which oneDNN multiplies fastest. Packing costs as much as a product of
 * a few rows, so it is for a matrix that many products find unchanged. With few rows, the softmax
 * layer's are up to three times as fast, recurrent ones in bfloat16 up to twice.
 */
final class PackedMatrix {
  private final OneDnn oneDnn;
  private final Trainable source;
  private final memory plain;
  private final data_type type;
  private MatrixCopy packed; // null before the first product is made

  /**
   * Packs nothing yet.
   *
   * @param plain [k, n], a view of the values of {@code source}
   * @param type to which it is rounded
   */
  PackedMatrix(OneDnn oneDnn, Trainable source, memory plain, data_type type) {
    this.oneDnn = oneDnn;
    this.source = source;
    this.plain = plain;
    this.type = type;
  }

  /**
   * The products of matrices [m, k] and this [k, n], written or added to others [m, n] each time
   * they run.
   *
   * @param left shape of the former
   * @param result shape of the latter
   */
  OneDnn.Kernel products(memory.desc left, memory.desc result, boolean adds) {
    if (packed == null) {
      packed = new MatrixCopy(oneDnn, source, plain, fastest(left, result));
    }
    OneDnn.Kernel kernel = oneDnn.product(left, packed.memory(), result, adds);
    return (from, to) -> {
      Runnable multiply = kernel.on(from, to);
      return () -> {
        packed.refresh();
        multiply.run();
      };
    };
  }

  /** The order that oneDNN chooses for products of this shape. */
  private memory.desc fastest(memory.desc left, memory.desc result) {
    LongPointer dimensions = plain.get_desc().get_dims();
    memory.desc any =
        oneDnn.keep(
            new memory.desc(
                new long[] {dimensions.get(0), dimensions.get(1)}, type, format_tag.any));
    matmul.primitive_desc description =
        oneDnn.keep(
            new matmul.primitive_desc(
                oneDnn.engine(), left, any, result, oneDnn.attributes(), false));
    return oneDnn.keep(description.weights_desc());
  }
}
