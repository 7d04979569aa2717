package org.sparklstm.averaging;

import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
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
   * What is wanted; if that is left open, the most preferred engine that can train the model and
   * runs on each worker.
   *
   * @param workers one partition a worker
   * @throws ConfigurationException if there is none
   */
  public static EngineChoice choose(
      EngineChoice wanted, LstmShape shape, Regularisation regularisation, JavaRDD<?> workers) {
    if (!wanted.isAuto()) {
      return wanted;
    }
    List<String> reasons = new ArrayList<>();
    for (Engine engine : Engines.all()) {
      String name = engine.name();
      Optional<String> why = engine.refuses(shape, regularisation, wanted.threads());
      if (why.isEmpty()) {
        why =
            workers
                .flatMap(worker -> Engines.whyUnavailable(name).stream().iterator())
                .collect()
                .stream()
                .findFirst();
      }
      if (why.isEmpty()) {
        return new EngineChoice(name, wanted.threads());
      }
      LOG.warn("The engine {} cannot train on every executor: {}", name, why.get());
      reasons.add("%s (%s)".formatted(name, why.get()));
    }
    throw new ConfigurationException(
        "No engine can train this model here: " + String.join(", ", reasons));
  }
}
