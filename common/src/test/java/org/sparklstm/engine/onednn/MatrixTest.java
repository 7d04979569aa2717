package org.sparklstm.engine.onednn;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import java.util.Random;
import org.bytedeco.javacpp.FloatPointer;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class MatrixTest {

  /** Each operand is a part of a wider matrix; the reference is the definition, in double. */
  @ParameterizedTest(name = "[{0}, {2}] · [{2}, {1}], transposed {3} and {4}")
  @CsvSource({
    "3, 5, 7, false, false",
    "3, 5, 7, true, false",
    "3, 5, 7, false, true",
    "3, 5, 7, true, true",
    "1, 1, 1, true, true",
    "64, 33, 17, false, true"
  })
  void aProductIsTheSumOfProducts(int m, int n, int k, boolean left, boolean right) {
    Random random = new Random(m * 31L + n * 7L + k);
    Matrix a = part(random, left ? k : m, left ? m : k);
    Matrix b = part(random, right ? n : k, right ? k : n);
    Matrix c = part(random, m, n);
    double[][] expected = new double[m][n];
    for (int row = 0; row < m; row++) {
      for (int column = 0; column < n; column++) {
        double sum = 0;
        for (int i = 0; i < k; i++) {
          float x = left ? at(a, i, row) : at(a, row, i);
          sum += (double) x * (right ? at(b, column, i) : at(b, i, column));
        }
        expected[row][column] = at(c, row, column) + 0.5 * sum;
      }
    }

    Matrix.Product product =
        (left ? a.transpose() : a).times(right ? b.transpose() : b).scaledBy(0.5f);
    product.addTo(c);

    for (int row = 0; row < m; row++) {
      for (int column = 0; column < n; column++) {
        assertThat((double) at(c, row, column)).isCloseTo(expected[row][column], within(1e-5));
      }
    }
    Matrix d = Matrix.of(new FloatPointer((long) m * n).fill(7), m, n);
    product.into(d);
    product.scaledBy(-1).addTo(d);
    for (int i = 0; i < m * n; i++) {
      assertThat(d.floats().get(i)).isCloseTo(0, within(1e-5f));
    }
  }

  @Test
  void shapesThatDoNotFitAreRefused() {
    Matrix a = Matrix.of(new FloatPointer(6L), 2, 3);

    assertThatThrownBy(() -> a.times(a))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessage("Cannot multiply [2, 3] by [2, 3]");
    assertThatThrownBy(() -> a.times(a.transpose()).into(a))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessage("A product [2, 2] does not fit into [2, 3]");
  }

  /** The middle rows and first columns of a random matrix. */
  private static Matrix part(Random random, int rows, int columns) {
    FloatPointer floats = new FloatPointer((rows + 2L) * (columns + 3L));
    for (long i = 0; i < floats.capacity(); i++) {
      floats.put(i, random.nextFloat() - 0.5f);
    }
    return Matrix.of(floats, rows + 2L, columns + 3L).rows(1, rows).firstColumns(columns);
  }

  private static float at(Matrix matrix, long row, long column) {
    return matrix.floats().get(row * matrix.stride() + column);
  }
}
