package org.sparklstm.engine.onednn;

import org.sparklstm.engine.onednn.Matrix.Product;

/** Products of float32. */
record Float32Products(Operands of) implements SoftmaxProducts {

  @Override
  public void logits() {
    of.inputs().times(of.matrix().transpose()).into(of.logits());
  }

  @Override
  public void gradients(float scale) {
    Matrix weights = of.matrix().firstColumns(of.inputGradient().columns());
    of.logits().times(weights).scaledBy(scale).into(of.inputGradient());
    Product matrixPart = of.logits().transpose().times(of.inputs()).scaledBy(scale);
    if (of.first()) {
      matrixPart.into(of.matrixGradient());
    } else {
      matrixPart.addTo(of.matrixGradient());
    }
  }
}
