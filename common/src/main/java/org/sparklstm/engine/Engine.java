package org.sparklstm.engine;

import java.io.Serializable;
import java.util.concurrent.atomic.AtomicBoolean;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.sparklstm.model.LstmSpec;

/**
 * What trains and evaluates a worker's windows.
 *
 * @param threads that a replica computes with
 */
public record Engine(Name name, int threads) implements Serializable {
  private static final Logger LOG = LoggerFactory.getLogger(Engine.class);
  private static final AtomicBoolean TOLD = new AtomicBoolean();

  /** The implementations of {@link Replica}. */
  public enum Name {
    /** {@link #FUSED} where oneDNN runs, else {@link #DL4J}. */
    AUTO,
    /** oneDNN. */
    FUSED,
    /** The reference, a DL4J network. */
    DL4J
  }

  /**
   * A new replica.
   *
   * @param lanes B, the lanes of every window
   * @throws IllegalStateException if the engine does not run on this machine
   */
  public Replica replica(LstmSpec spec, int lanes) {
    if (name == Name.DL4J) {
      return new Dl4jReplica(spec, lanes);
    }
    try {
      return new FusedReplica(spec, lanes, threads);
    } catch (LinkageError e) {
      if (name == Name.FUSED || spec.tiedEmbeddings()) {
        throw new IllegalStateException("The fused engine does not run here: " + e.getMessage(), e);
      }
      if (!TOLD.getAndSet(true)) {
        LOG.warn("oneDNN does not run here ({}): training with DL4J, much slower", e.getMessage());
      }
      return new Dl4jReplica(spec, lanes);
    }
  }
}
