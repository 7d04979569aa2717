package org.sparklstm.engine.dl4j;

import org.nd4j.linalg.api.buffer.DataType;
import org.sparklstm.engine.Engines;
import org.sparklstm.engine.ReplicaTest;

class Dl4jReplicaTest extends ReplicaTest {

  Dl4jReplicaTest() {
    super(
        Engines.find("dl4j"),
        new Dl4jEngine(DataType.DOUBLE),
        new Tolerance(1e-8, 2e-6f, 1e-6)); // the state comes out in floats
  }
}
