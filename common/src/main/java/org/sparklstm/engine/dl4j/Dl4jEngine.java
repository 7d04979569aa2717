package org.sparklstm.engine.dl4j;

import java.util.Optional;
import org.nd4j.linalg.api.buffer.DataType;
import org.sparklstm.engine.Engine;
import org.sparklstm.engine.EngineChoice;
import org.sparklstm.engine.Optimiser;
import org.sparklstm.engine.Precision;
import org.sparklstm.engine.Regularisation;
import org.sparklstm.engine.Replica;
import org.sparklstm.model.LstmShape;

/** The slow engine that others are compared with: a DL4J network. */
public final class Dl4jEngine implements Engine {
  private final DataType type;

  /** An engine that computes in floats. */
  public Dl4jEngine() {
    this(DataType.FLOAT);
  }

  /**
   * An engine that computes in {@code type}.
   *
   * @param type FLOAT or DOUBLE
   */
  public Dl4jEngine(DataType type) {
    this.type = type;
  }

  @Override
  public String name() {
    return "dl4j";
  }

  @Override
  public int preference() {
    return 0;
  }

  @Override
  public Optional<String> whyUnavailable(EngineChoice how, String gpu) {
    return Optional.empty(); // nothing of this program runs without ND4J
  }

  @Override
  public Optional<String> refuses(
      LstmShape shape, Regularisation regularisation, EngineChoice how) {
    if (shape.tiedEmbeddings()) {
      return Optional.of("DL4J has no model.tie-embeddings");
    }
    if (regularisation.dropout().dropsWeights()) {
      return Optional.of("DL4J needs model.recurrent-keep-probability = 1");
    }
    if (regularisation.dropout().dropsWords()) {
      return Optional.of("DL4J needs model.embedding-keep-probability = 1");
    }
    if (regularisation.penalises()) {
      return Optional.of(
          "DL4J needs train.activation-penalty = 0 and train.temporal-activation-penalty = 0");
    }
    if (regularisation.samples()) {
      return Optional.of("DL4J needs train.softmax-samples = 0");
    }
    if (how.threads() > 1) {
      return Optional.of("DL4J needs engine.threads = 1");
    }
    if (how.precision() != Precision.FLOAT32) {
      return Optional.of("DL4J needs engine.precision = float32");
    }
    if (how.device().isGpu()) {
      return Optional.of("DL4J needs engine.device = cpu or auto");
    }
    return Optional.empty();
  }

  /** A rule of thumb, because the JVM collects ND4J's memory. */
  @Override
  public Memory memory(
      LstmShape shape, Optimiser optimiser, EngineChoice how, int lanes, int... lengths) {
    long n = (long) lanes * lengths[0];
    long weights = 7L * shape.parameterCount();
    long activations =
        25 * n * (shape.embeddingSize() + shape.laneStateSize() / 2 + shape.outputSize());
    long logits = 7 * n * shape.vocabularySize();
    return new Memory(Float.BYTES * (weights + activations + logits), 0);
  }

  @Override
  public Replica replica(LstmShape shape, int lanes, EngineChoice how, String gpu) {
    return new Dl4jReplica(shape, lanes, type);
  }
}
