package org.sparklstm.engine.onednn;

/** The matrix products of the softmax layer for one block of rows that is trained on. */
interface SoftmaxProducts {

  /** Writes the block's logits. */
  void logits();

  /**
   * From the gradients of the logits, which stand in the place of the logits, to those of the
   * block's inputs and of the matrix.
   *
   * @param scale what both are multiplied with
   */
  void gradients(float scale);

  /**
   * What the products read and write.
   *
   * @param inputs [rows, H + 1]
   * @param matrix [V, H + 1]
   * @param logits [rows, V] inputs · matrixᵀ
   * @param inputGradient [rows, H] logits · matrix without its last column
   * @param matrixGradient [V, H + 1] logitsᵀ · inputs, summed over the window's blocks
   * @param first whether the block is the first of its window
   */
  record Operands(
      Matrix inputs,
      Matrix matrix,
      Matrix logits,
      Matrix inputGradient,
      Matrix matrixGradient,
      boolean first) {}
}
