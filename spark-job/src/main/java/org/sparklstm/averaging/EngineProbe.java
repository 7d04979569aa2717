package org.sparklstm.averaging;

import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.function.ToLongFunction;
import org.apache.spark.api.java.JavaRDD;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.sparklstm.engine.Engine;
import org.sparklstm.engine.EngineChoice;
import org.sparklstm.engine.Engines;
import org.sparklstm.engine.Regularisation;
import org.sparklstm.error.ConfigurationException;
import org.sparklstm.model.LstmShape;

/** Decides which engine all workers use. */
public final class EngineProbe {
  private static final Logger LOG = LoggerFactory.getLogger(EngineProbe.class);

  private EngineProbe() {}

  /**
   * The engine that is wanted; if that is left open, the most preferred one that can train the
   * model and runs on each worker.
   *
   * @param deviceMemory bytes of a device that a worker's replica takes of an engine
   * @param workers one partition a worker
   * @throws ConfigurationException if there is none
   */
  public static EngineChoice choose(
      EngineChoice wanted,
      LstmShape shape,
      Regularisation regularisation,
      ToLongFunction<EngineChoice> deviceMemory,
      JavaRDD<?> workers) {
    List<Engine> candidates = wanted.isAuto() ? Engines.all() : List.of(wanted.engine());
    List<String> reasons = new ArrayList<>();
    for (Engine engine : candidates) {
      EngineChoice choice = wanted.named(engine.name());
      Optional<String> why = engine.refuses(shape, regularisation, choice);
      if (why.isEmpty()) {
        long bytes = deviceMemory.applyAsLong(choice);
        why =
            workers
                .flatMap(
                    worker ->
                        Engines.whyUnavailable(choice, AssignedGpu.address(), bytes).stream()
                            .iterator())
                .collect()
                .stream()
                .findFirst();
      }
      if (why.isEmpty()) {
        return choice;
      }
      reasons.add("%s (%s)".formatted(engine.name(), why.get()));
      if (reasons.size() < candidates.size()) {
        LOG.warn("The engine {} cannot train on every executor: {}", engine.name(), why.get());
      }
    }
    throw new ConfigurationException(
        "No engine can train this model here: " + String.join(", ", reasons));
  }
}
