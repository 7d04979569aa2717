package org.sparklstm.testing;

import org.sparklstm.engine.EngineChoice;
import org.sparklstm.engine.Replica;
import org.sparklstm.model.LstmShape;

/** Replicas of the fast engine that compute with one thread. */
public final class Replicas {
  private Replicas() {}

  public static Replica of(LstmShape shape, int lanes) {
    return EngineChoice.of("onednn").replica(shape, lanes);
  }
}
