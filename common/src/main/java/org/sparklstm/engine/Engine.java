package org.sparklstm.engine;

import java.io.Serializable;
import java.util.Optional;
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

  /** Why {@link Name#FUSED} does not run on this machine; empty if it does. */
  public static Optional<String> fusedFailure() {
    try (OneDnn oneDnn = new OneDnn()) {
      return Optional.empty();
    } catch (LinkageError e) {
      return Optional.of(String.valueOf(e.getMessage()));
    }
  }

  /**
   * A new replica.
   *
   * @param lanes B, the lanes of every window
   * @throws IllegalStateException if the engine does not run on this machine
   */
  public Replica replica(LstmSpec spec, int lanes) {
    Optional<String> failure = name == Name.DL4J ? Optional.empty() : fusedFailure();
    if (failure.isEmpty()) {
      return name == Name.DL4J
          ? new Dl4jReplica(spec, lanes)
          : new FusedReplica(spec, lanes, threads);
    }
    if (name == Name.FUSED) {
      throw new IllegalStateException("The fused engine does not run here: " + failure.get());
    }
    LOG.warn("oneDNN does not run here ({}): DL4J trains, much slower", failure.get());
    return new Dl4jReplica(spec, lanes);
  }

  /**
   * Bytes outside the Java heap that a replica takes: with {@link Name#FUSED} an upper bound, with
   * {@link Name#DL4J}, whose memory the JVM collects, a rule of thumb.
   *
   * @param lanes B of its windows
   * @param length T of its windows
   */
  public long nativeBytes(LstmSpec spec, int lanes, int length) {
    long fused = FusedReplica.bytes(spec, lanes, length);
    long logits = (long) lanes * length * spec.vocabularySize() * Float.BYTES;
    return name == Name.DL4J ? 2 * fused + 5 * logits : fused;
  }
}
