package org.sparklstm.engine.onednn;

import static org.bytedeco.openblas.global.openblas_nolapack.cblas_dsdot;
import static org.bytedeco.openblas.global.openblas_nolapack.cblas_saxpy;

import org.bytedeco.javacpp.FloatPointer;

/** Some parameters off-heap and, once they are trained, their gradient. */
final class Trainable {
  private final OneDnn oneDnn;
  private final int size;
  private final FloatPointer values;
  private FloatPointer gradient;
  private long version;

  Trainable(OneDnn oneDnn, int size) {
    this.oneDnn = oneDnn;
    this.size = size;
    this.values = oneDnn.zeros(size);
  }

  /** Their number. */
  int size() {
    return size;
  }

  FloatPointer values() {
    return values;
  }

  /** The gradient; zeros, when first asked for. */
  FloatPointer gradient() {
    if (gradient == null) {
      gradient = oneDnn.zeros(size);
    }
    return gradient;
  }

  /** Σ g², in double. */
  double squares() {
    return cblas_dsdot(size, gradient(), 1, gradient(), 1);
  }

  /** A number that changes with the values. */
  long version() {
    return version;
  }

  /** To be called when the values were written to. */
  void changed() {
    version++;
  }

  /** values −= part · values. */
  void decay(double part) {
    changed();
    cblas_saxpy(size, (float) -part, values, 1, values, 1);
  }

  /** values −= scale · g. */
  void step(double scale) {
    changed();
    cblas_saxpy(size, (float) -scale, gradient(), 1, values, 1);
  }
}
