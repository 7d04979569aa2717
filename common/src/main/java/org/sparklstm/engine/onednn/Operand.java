package org.sparklstm.engine.onednn;

import org.bytedeco.dnnl.memory;
import org.bytedeco.dnnl.memory.data_type;

/**
 * A matrix of floats that products read in a type of their own: a rounded copy, or the floats
 * themselves.
 */
final class Operand {
  private final OneDnn oneDnn;
  private final boolean rounds;
  private final memory floats;
  private final memory rounded; // the floats themselves, if products read floats

  /** Zeros, not rounded yet, which {@code oneDnn} owns. */
  Operand(OneDnn oneDnn, data_type type, long rows, long columns) {
    this.oneDnn = oneDnn;
    this.rounds = type != data_type.f32;
    this.floats = oneDnn.zeros(rows, columns);
    this.rounded = rounds ? oneDnn.memory(oneDnn.matrix(type, rows, columns, columns, 1)) : floats;
  }

  /** The floats. Who writes them rounds them before the next product. */
  memory floats() {
    return floats;
  }

  /** The matrix as products read it. */
  memory rounded() {
    return rounded;
  }

  /** Copies that round, of so many rows each, from the first rows to the last ones. */
  Runnable[] roundings(long rows) {
    memory[] from = oneDnn.slices(floats, rows);
    memory[] to = oneDnn.slices(rounded, rows);
    OneDnn.Kernel kernel =
        rounds
            ? oneDnn.reorder(from[0].get_desc(), to[0].get_desc())
            : (floats, themselves) -> () -> {};
    Runnable[] roundings = new Runnable[from.length];
    for (int i = 0; i < roundings.length; i++) {
      roundings[i] = kernel.on(from[i], to[i]);
    }
    return roundings;
  }
}
