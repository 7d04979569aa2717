package org.sparklstm.train;

/** How a worker sends what it changed. */
public enum Compression {
  /** Exactly. */
  NONE,
  /** Rounded to 16 bits, at most 2⁻⁸ of each value away. */
  BFLOAT16;

  /** The values on their way; they must not change any more. */
  Floats encode(float[] values) {
    return this == NONE ? new Floats(values) : Floats.bfloat16(values);
  }
}
