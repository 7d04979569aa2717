package org.sparklstm.engine.onednn;

import org.sparklstm.engine.onednn.Matrix.Product;

/**
 * Products of float32. The logits' product reads the matrix as its transpose. With AVX-512 the
 * matmul primitive does that up to 1.4 times as fast as {@code dnnl_sgemm}, with AVX2 it is not
 * reliably faster.
 */
final class Float32Products implements SoftmaxProducts {
  private final Operands of;
  private final Runnable logits;

  Float32Products(OneDnn oneDnn, Operands of) {
    this.of = of;
    if (OneDnn.hasAvx512()) {
      this.logits =
          oneDnn.product(
              oneDnn.view(of.inputs()),
              oneDnn.view(of.matrix().transpose()),
              oneDnn.view(of.logits()),
              false);
    } else {
      Product product = of.inputs().times(of.matrix().transpose());
      this.logits = () -> product.into(of.logits());
    }
  }

  @Override
  public void logits() {
    logits.run();
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
