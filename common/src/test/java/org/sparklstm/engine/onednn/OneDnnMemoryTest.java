package org.sparklstm.engine.onednn;

import java.util.List;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.sparklstm.engine.Dropout;
import org.sparklstm.engine.Dropout.Mode;
import org.sparklstm.engine.Precision;
import org.sparklstm.engine.Regularisation;
import org.sparklstm.engine.ReplicaMemoryTest;
import org.sparklstm.engine.Replicas;
import org.sparklstm.model.LstmShape;

class OneDnnMemoryTest extends ReplicaMemoryTest {

  OneDnnMemoryTest() {
    super("onednn", 1 << 30);
  }

  @ParameterizedTest
  @CsvSource({"50000, 200, 2, 10, 20, 4000, false", "20000, 300, 1, 20, 35, 19000, true"})
  void withASampledSoftmaxItTakesNoMoreThanItsEngineSays(
      int words, int h, int layers, int lanes, int length, int samples, boolean tied) {
    assertTakesNoMoreThanSaid(
        new LstmShape(words, h, layers, tied),
        lanes,
        new Regularisation(new Dropout(0.5f, 0.5f, 0.5f, Mode.LOCKED, 1, 1), 0, 0, samples),
        Precision.FLOAT32,
        length);
  }

  @ParameterizedTest
  @CsvSource({"10000, 0", "30000, 29000"})
  void onWindowsOfThreeLengthsItTakesNoMoreThanItsEngineSays(int words, int samples) {
    assertTakesNoMoreThanSaid(
        new LstmShape(words, 400, List.of(650, 400), true),
        10,
        new Regularisation(new Dropout(0.5f, 0.5f, 0.5f, Mode.LOCKED, 0.5f, 0.5f), 0, 0, samples),
        Precision.FLOAT32,
        45,
        35,
        25);
  }

  @ParameterizedTest
  @CsvSource({"10000, 1500, 2, 20, 35", "50000, 200, 2, 10, 20"})
  void inBfloat16ItTakesNoMoreThanItsEngineSays(
      int words, int h, int layers, int lanes, int length) {
    Replicas.assumeBfloat16();
    assertTakesNoMoreThanSaid(
        new LstmShape(words, h, layers),
        lanes,
        new Regularisation(new Dropout(0.5f, 0.5f, 0.5f, Mode.PER_STEP, 0.5f, 0.5f)),
        Precision.BFLOAT16,
        length);
  }
}
