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

  /** {@return whether the choice is still left to the program} */
  public boolean isAuto() {
    return name.equals(AUTO);
  }

  /**
   * {@return the engine; the most preferred one if it is not chosen yet}
   *
   * @throws org.sparklstm.error.ConfigurationException if no jar on the class path has it
   */
  public Engine engine() {
    return isAuto() ? Engines.all().get(0) : Engines.find(name);
  }
}
