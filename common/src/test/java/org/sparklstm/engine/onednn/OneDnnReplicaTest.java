package org.sparklstm.engine.onednn;

import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.sparklstm.engine.FastReplicaTest;
import org.sparklstm.engine.Precision;
import org.sparklstm.engine.Regularisation.DropoutMode;
import org.sparklstm.engine.Replicas;
import org.sparklstm.model.LstmShape;

class OneDnnReplicaTest extends FastReplicaTest {

  OneDnnReplicaTest() {
    super("onednn", "dl4j", 1 << 30);
  }

  @ParameterizedTest
  @CsvSource({"10000, 1500, 2, 20, 35", "50000, 200, 2, 10, 20"})
  void inBfloat16ItTakesNoMoreThanItsEngineSays(
      int words, int h, int layers, int lanes, int length) {
    Replicas.assumeBfloat16();
    assertTakesNoMoreThanSaid(
        new LstmShape(words, h, layers), lanes, length, DropoutMode.PER_STEP, Precision.BFLOAT16);
  }
}
