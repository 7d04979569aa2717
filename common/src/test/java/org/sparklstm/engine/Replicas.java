package org.sparklstm.engine;

import org.sparklstm.model.LstmShape;

/** New replicas that compute with one thread, for tests. */
public final class Replicas {
  private Replicas() {}

  /**
   * A replica.
   *
   * @param engine its name
   */
  public static Replica of(String engine, LstmShape shape, int lanes) {
    return of(Engines.find(engine), shape, lanes);
  }

  public static Replica of(Engine engine, LstmShape shape, int lanes) {
    Replica replica = engine.replica(shape, lanes);
    replica.useThreads(1);
    return replica;
  }
}
