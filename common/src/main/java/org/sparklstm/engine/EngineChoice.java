package org.sparklstm.engine;

import java.io.Serializable;
import org.sparklstm.model.LstmShape;

/**
 * Which engine computes, and how. It goes to workers, which find the engine by its name.
 *
 * @param name of an {@link Engine}, or {@link #AUTO} until one is chosen
 * @param threads of each worker
 * @param precision of training
 * @param device of an engine that has several
 */
public record EngineChoice(String name, int threads, Precision precision, Device device)
    implements Serializable {
  /** Leaves the choice to the program. */
  public static final String AUTO = "auto";

  /** What stands for a GPU where Spark gave none. */
  public static final String NO_GPU = "";

  /**
   * An engine with one thread, in float32, on the device that it prefers.
   *
   * @param name of an {@link Engine}, or {@link #AUTO}
   * @return the choice
   */
  public static EngineChoice of(String name) {
    return new EngineChoice(name, 1, Precision.FLOAT32, Device.AUTO);
  }

  /**
   * The same with another engine.
   *
   * @param engine its name
   * @return the choice
   */
  public EngineChoice named(String engine) {
    return new EngineChoice(engine, threads, precision, device);
  }

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

  /**
   * A new replica of the engine that computes as this says, where Spark gave no GPU.
   *
   * @param shape of the network
   * @param lanes B, the lanes of every window
   * @return a replica that the caller closes
   * @throws IllegalStateException if the engine does not run on this machine
   */
  public Replica replica(LstmShape shape, int lanes) {
    return replica(shape, lanes, NO_GPU);
  }

  /**
   * A new replica of the engine that computes as this says.
   *
   * @param shape of the network
   * @param lanes B, the lanes of every window
   * @param gpu that Spark gave the caller's task; {@link #NO_GPU} if none
   * @return a replica that the caller closes
   * @throws IllegalStateException if the engine does not run on this machine
   */
  public Replica replica(LstmShape shape, int lanes, String gpu) {
    Replica replica = engine().replica(shape, lanes, this, gpu);
    replica.useThreads(threads);
    return replica;
  }
}
