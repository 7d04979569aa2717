package org.sparklstm.engine;

import java.util.Comparator;
import java.util.List;
import java.util.Optional;
import java.util.ServiceLoader;
import org.sparklstm.error.ConfigurationException;
import org.sparklstm.model.LstmShape;

/** Where engines are found. */
public final class Engines {
  private static final String NATIVE_LIMIT = "org.bytedeco.javacpp.maxPhysicalBytes";

  static {
    // JavaCPP refuses native memory when a process has four times its Java heap. Many replicas
    // reach that, and our own checks count what they need.
    if (System.getProperty(NATIVE_LIMIT) == null) {
      System.setProperty(NATIVE_LIMIT, "0");
    }
  }

  private static final List<Engine> ALL =
      ServiceLoader.load(Engine.class, Engine.class.getClassLoader()).stream()
          .map(ServiceLoader.Provider::get)
          .sorted(Comparator.comparingInt(Engine::preference).reversed())
          .toList();

  private Engines() {}

  /** {@return every engine on the class path, the most preferred first} */
  public static List<Engine> all() {
    return List.copyOf(ALL);
  }

  /**
   * Whether a jar on the class path has an engine.
   *
   * @param name of the engine
   * @return whether it is found
   */
  public static boolean has(String name) {
    return lookup(name).isPresent();
  }

  private static Optional<Engine> lookup(String name) {
    return ALL.stream().filter(engine -> engine.name().equals(name)).findFirst();
  }

  /**
   * The most preferred engine that runs on this machine and has such models, with one thread.
   *
   * @param shape of the network
   * @return the choice, with the engine's name
   * @throws IllegalStateException if there is none
   */
  public static EngineChoice here(LstmShape shape) {
    EngineChoice how = EngineChoice.of(EngineChoice.AUTO);
    return ALL.stream()
        .filter(engine -> engine.whyUnavailable(how, EngineChoice.NO_GPU).isEmpty())
        .filter(engine -> engine.refuses(shape, Regularisation.NONE, how).isEmpty())
        .findFirst()
        .map(engine -> how.named(engine.name()))
        .orElseThrow(() -> new IllegalStateException("No engine runs such a model here: " + shape));
  }

  /**
   * Whether an engine runs on this machine, and its device has room for a replica.
   *
   * @param choice of the engine, by its name
   * @param gpu that Spark gave the caller's task; {@link EngineChoice#NO_GPU} if none
   * @param bytes that the replica takes of the device
   * @return why it does not; empty if it does
   */
  public static Optional<String> whyUnavailable(EngineChoice choice, String gpu, long bytes) {
    return lookup(choice.name())
        .map(
            engine -> engine.whyUnavailable(choice, gpu).or(() -> engine.lacks(bytes, choice, gpu)))
        .orElse(Optional.of("no jar on the class path has it"));
  }

  /**
   * The engine of a name.
   *
   * @param name that {@code engine.name} has, not {@link EngineChoice#AUTO}
   * @return the engine, which need not run on this machine
   * @throws ConfigurationException if there is none on the class path
   */
  public static Engine find(String name) {
    return lookup(name)
        .orElseThrow(
            () ->
                new ConfigurationException(
                    "engine.name = %s: no jar on the class path has this engine, only %s"
                        .formatted(name, ALL.stream().map(Engine::name).toList())));
  }
}
