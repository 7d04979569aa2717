package org.sparklstm.engine;

/** In which numbers an engine multiplies while it trains. Evaluation is in float32 always. */
public enum Precision {
  /** Everything is float32. */
  FLOAT32,

  /**
   * A GPU rounds the operands of matrix products to 10 bits of mantissa. On a CPU it is the same as
   * {@link #FLOAT32}.
   */
  TF32,

  /**
   * The operands of matrix products are rounded to bfloat16, where that is faster. Parameters, sums
   * and gradients stay float32.
   */
  BFLOAT16
}
