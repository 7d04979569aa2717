package org.sparklstm.engine;

import java.io.Serializable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.sparklstm.model.LstmSpec;

/**
 * What trains and evaluates a worker's windows.
 *
 * @param threads that a replica computes with; 1 with DL4J
 */
public record Engine(Name name, int threads) implements Serializable {
  private static final Logger LOG = LoggerFactory.getLogger(Engine.class);

  /** The implementations of {@link Replica}. */
  public enum Name {
    /** {@link #FUSED} where oneDNN runs, else {@link #DL4J}. */
    AUTO,
    /** oneDNN. */
    FUSED,
    /** The reference, a DL4J network. */
    DL4J
  }

  /** What this engine is on this machine: {@link Name#AUTO} decided. */
  public Engine decided() {
    if (name != Name.AUTO) {
      return this;
    }
    try (OneDnn oneDnn = new OneDnn()) {
      return new Engine(Name.FUSED, threads);
    } catch (LinkageError e) {
      LOG.warn("oneDNN does not run here ({}): DL4J trains, much slower", e.getMessage());
      return new Engine(Name.DL4J, 1);
    }
  }

  /**
   * A new replica.
   *
   * @param lanes B, the lanes of every window
   * @throws IllegalStateException if the engine does not run on this machine
   */
  public Replica replica(LstmSpec spec, int lanes) {
    if (decided().name == Name.DL4J) {
      return new Dl4jReplica(spec, lanes);
    }
    try {
      return new FusedReplica(spec, lanes, threads);
    } catch (LinkageError e) {
      throw new IllegalStateException("The fused engine does not run here: " + e.getMessage(), e);
    }
  }
}
