package org.sparklstm.engine.onednn;

import org.bytedeco.dnnl.global.dnnl;
import org.bytedeco.javacpp.FloatPointer;

/**
 * A matrix in off-heap memory, whose rows stand one after the other.
 *
 * @param floats where it begins
 * @param rows of the matrix as it stands in memory
 * @param columns of the matrix as it stands in memory
 * @param stride floats from one row to the next
 * @param transposed whether products read it as its transpose
 */
record Matrix(FloatPointer floats, long rows, long columns, long stride, boolean transposed) {

  /** A matrix [rows, columns] without gaps. */
  static Matrix of(FloatPointer floats, long rows, long columns) {
    return new Matrix(floats, rows, columns, columns, false);
  }

  /** The first {@code count} columns. */
  Matrix firstColumns(long count) {
    return new Matrix(floats, rows, count, stride, transposed);
  }

  /** {@code count} rows from row {@code first} on. */
  Matrix rows(long first, long count) {
    return new Matrix(floats.getPointer(first * stride), count, columns, stride, transposed);
  }

  /** The transpose, of the same memory. */
  Matrix transpose() {
    return new Matrix(floats, rows, columns, stride, !transposed);
  }

  private long height() {
    return transposed ? columns : rows;
  }

  private long width() {
    return transposed ? rows : columns;
  }

  private byte letter() {
    return (byte) (transposed ? 'T' : 'N');
  }

  /** The product of this [m, k] and {@code right} [k, n], computed when it is written. */
  Product times(Matrix right) {
    if (width() != right.height()) {
      throw new IllegalArgumentException(
          "Cannot multiply [%s, %s] by [%s, %s]"
              .formatted(height(), width(), right.height(), right.width()));
    }
    return new Product(this, right, 1);
  }

  /** {@code scale} · {@code left} · {@code right}. */
  record Product(Matrix left, Matrix right, float scale) {

    /** This product times {@code factor}. */
    Product scaledBy(float factor) {
      return new Product(left, right, scale * factor);
    }

    /** Writes the product over {@code result} [m, n]. */
    void into(Matrix result) {
      write(result, 0);
    }

    /** Adds the product to {@code result} [m, n]. */
    void addTo(Matrix result) {
      write(result, 1);
    }

    private void write(Matrix result, float kept) {
      if (result.transposed || result.rows != left.height() || result.columns != right.width()) {
        throw new IllegalArgumentException(
            "A product [%s, %s] does not fit into [%s, %s]"
                .formatted(left.height(), right.width(), result.rows, result.columns));
      }
      int status =
          dnnl.dnnl_sgemm(
              left.letter(),
              right.letter(),
              left.height(),
              right.width(),
              left.width(),
              scale,
              left.floats,
              left.stride,
              right.floats,
              right.stride,
              kept,
              result.floats,
              result.stride);
      if (status != dnnl.dnnl_success) {
        throw new IllegalStateException("dnnl_sgemm failed with status " + status);
      }
    }
  }
}
