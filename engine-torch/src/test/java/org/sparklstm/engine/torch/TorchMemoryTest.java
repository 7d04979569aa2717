package org.sparklstm.engine.torch;

import org.sparklstm.engine.ReplicaMemoryTest;

class TorchMemoryTest extends ReplicaMemoryTest {

  TorchMemoryTest() {
    super("torch", 2L << 30);
  }
}
