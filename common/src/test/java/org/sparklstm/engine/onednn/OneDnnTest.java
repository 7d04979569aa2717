package org.sparklstm.engine.onednn;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.fail;

import java.util.function.DoubleUnaryOperator;
import org.bytedeco.dnnl.global.dnnl.algorithm;
import org.bytedeco.dnnl.memory;
import org.bytedeco.javacpp.indexer.FloatIndexer;
import org.junit.jupiter.api.Test;

/** The accuracy of oneDNN's functions that an LSTM is computed with, over floats of every size. */
class OneDnnTest {
  private static final int COUNT = 1 << 22;

  /** Measured with AVX2: tanh 1.3, sigmoid 4.3. */
  private static final double MOST_ULPS = 6;

  private interface ErrorMeasure {
    double of(float x, float y, double exact);
  }

  @Test
  void tanhIsWithinSixUlps() {
    overAllFloats(algorithm.eltwise_tanh, Math::tanh, (x, y, exact) -> ulps(y, exact));
  }

  /** Below -86, where e^x leaves the normal floats, within 24e-38. */
  @Test
  void sigmoidIsWithinSixUlpsWhereItIsNotNearlyZero() {
    overAllFloats(
        algorithm.eltwise_logistic,
        x -> 1 / (1 + Math.exp(-x)),
        (x, y, exact) -> x > -86 ? ulps(y, exact) : Math.abs(y - exact) / 4e-38);
  }

  private static double ulps(float y, double exact) {
    return Math.abs(y - exact) / Math.ulp((float) exact);
  }

  /** Every 1,021st bit pattern, infinities and NaN. */
  private static void overAllFloats(
      algorithm function, DoubleUnaryOperator reference, ErrorMeasure error) {
    try (OneDnn oneDnn = new OneDnn()) {
      memory.desc shape = oneDnn.shape(memory.format_tag.a, COUNT);
      memory arguments = oneDnn.memory(shape);
      memory values = oneDnn.memory(shape);
      FloatIndexer x = FloatIndexer.create(oneDnn.floats(arguments));
      FloatIndexer y = FloatIndexer.create(oneDnn.floats(values));
      for (int i = 0; i < COUNT; i++) {
        x.put(i, Float.intBitsToFloat(i * 1021));
      }
      x.put(1, Float.POSITIVE_INFINITY);
      x.put(2, Float.NEGATIVE_INFINITY);
      x.put(3, Float.NaN);
      oneDnn.eltwise(function, shape).on(arguments, values).run();
      for (int i = 0; i < COUNT; i++) {
        double exact = reference.applyAsDouble(x.get(i));
        if (Double.isNaN(exact)) {
          assertThat(y.get(i)).isNaN();
        } else {
          double found = error.of(x.get(i), y.get(i), exact);
          if (!(found < MOST_ULPS)) {
            fail(
                "%s(%s) is %s, not %s: an error of %s", function, x.get(i), y.get(i), exact, found);
          }
        }
      }
    }
  }
}
