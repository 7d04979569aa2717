package org.sparklstm.engine;

import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.util.Optional;
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
    return of(engine, shape, lanes, Precision.FLOAT32);
  }

  public static Replica of(Engine engine, LstmShape shape, int lanes, Precision precision) {
    EngineChoice how = new EngineChoice(engine.name(), 1, precision, Device.AUTO);
    Replica replica = engine.replica(shape, lanes, how, EngineChoice.NO_GPU);
    replica.useThreads(1);
    return replica;
  }

  /** Skips a test on a processor on which the fast engine has no bfloat16. */
  public static void assumeBfloat16() {
    Optional<String> why =
        Engines.whyUnavailable(
            new EngineChoice("onednn", 1, Precision.BFLOAT16, Device.AUTO), EngineChoice.NO_GPU, 0);
    assumeTrue(why.isEmpty(), () -> why.orElseThrow());
  }
}
