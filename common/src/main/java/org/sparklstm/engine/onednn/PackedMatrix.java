package org.sparklstm.engine.onednn;

import static org.bytedeco.dnnl.global.dnnl.DNNL_ARG_DST;
import static org.bytedeco.dnnl.global.dnnl.DNNL_ARG_SCRATCHPAD;
import static org.bytedeco.dnnl.global.dnnl.DNNL_ARG_SRC;
import static org.bytedeco.dnnl.global.dnnl.DNNL_ARG_WEIGHTS;

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
  private memory packed; // null before the first product is made
  private Runnable pack;
  private long version; // of the source, when it was packed

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
    memory.desc weights =
        packed == null
            ? oneDnn.keep(
                new memory.desc(new long[] {height, width}, data_type.f32, format_tag.any))
            : packed.get_desc();
    matmul.primitive_desc description =
        oneDnn.keep(
            new matmul.primitive_desc(
                oneDnn.engine(), rows, weights, products, oneDnn.attributes(), false));
    if (packed == null) {
      packed = oneDnn.memory(description.weights_desc());
      memory.desc plain = oneDnn.shape(format_tag.ba, height, width);
      pack = oneDnn.reorder(oneDnn.memory(plain, source.values()), packed);
      version = -1;
    }
    matmul kernel = oneDnn.keep(new matmul(description));
    OneDnn.Arguments arguments =
        oneDnn
            .arguments()
            .with(DNNL_ARG_SRC, oneDnn.memory(rows, left.floats()))
            .with(DNNL_ARG_WEIGHTS, packed)
            .with(DNNL_ARG_DST, oneDnn.memory(products, result.floats()))
            .with(DNNL_ARG_SCRATCHPAD, oneDnn.scratchpad(description.scratchpad_desc()));
    return () -> {
      packIfChanged();
      oneDnn.execute(kernel, arguments);
    };
  }

  private void packIfChanged() {
    if (version != source.version()) {
      pack.run();
      version = source.version();
    }
  }
}
