package org.sparklstm.engine.onednn;

import org.bytedeco.dnnl.memory;

/** A second copy of parameters, in another order or type, that is made anew when they changed. */
final class MatrixCopy {
  private final Trainable source;
  private final memory copy;
  private final Runnable reorder;
  private long version = -1; // of the source, when it was copied

  /**
   * Copies nothing yet.
   *
   * @param from a view of the values of the source
   * @param to shape, order and type of the copy
   */
  MatrixCopy(OneDnn oneDnn, Trainable source, memory from, memory.desc to) {
    this.source = source;
    this.copy = oneDnn.memory(to);
    this.reorder = oneDnn.reorder(from, copy);
  }

  /** Where the copy stands. */
  memory memory() {
    return copy;
  }

  /** Copies the parameters, if they changed. */
  void refresh() {
    if (version != source.version()) {
      reorder.run();
      version = source.version();
    }
  }
}
