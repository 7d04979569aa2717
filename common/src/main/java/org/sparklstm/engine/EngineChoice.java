package org.sparklstm.engine;

import java.io.Serializable;

/**
 * Which engine computes, and with how many threads. It goes to workers, which find the engine by
 * its name.
 *
 * @param name of an {@link Engine}, or {@link #AUTO} until one is chosen
 * @param threads of each worker
 */
public record EngineChoice(String name, int threads) implements Serializable {
  /** Leaves the choice to the program. */
  public static final String AUTO = "auto";

  /** Whether the program chooses. */
  public boolean isAuto() {
    return name.equals(AUTO);
  }

  /** The engine; the most preferred one if it is not chosen yet. */
  public Engine engine() {
    return isAuto() ? Engines.all().get(0) : Engines.find(name);
  }
}
