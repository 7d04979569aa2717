package org.sparklstm.engine.torch;

import org.sparklstm.engine.FastReplicaTest;

class TorchReplicaTest extends FastReplicaTest {

  TorchReplicaTest() {
    super("torch", "onednn", 2L << 30);
  }
}
