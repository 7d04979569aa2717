package org.sparklstm.engine.onednn;

import java.util.Optional;
import org.sparklstm.engine.Engine;
import org.sparklstm.engine.EngineChoice;
import org.sparklstm.engine.Optimiser;
import org.sparklstm.engine.Precision;
import org.sparklstm.engine.Regularisation;
import org.sparklstm.engine.Replica;
import org.sparklstm.model.LstmShape;

/** The fast engine on a CPU: oneDNN's matrix products and functions. */
public final class OneDnnEngine implements Engine {

  @Override
  public String name() {
    return "onednn";
  }

  @Override
  public int preference() {
    return 10;
  }

  @Override
  public Optional<String> whyUnavailable(EngineChoice how, String gpu) {
    try (OneDnn oneDnn = new OneDnn()) {
      return how.precision() == Precision.BFLOAT16 && !OneDnn.hasBfloat16()
          ? Optional.of(
              "this processor has no bfloat16 (avx512_bf16): set engine.precision = float32")
          : Optional.empty();
    } catch (LinkageError
        | RuntimeException e) { // no library, or a processor that it does not know
      return Optional.of("oneDNN cannot be loaded: " + e.getMessage());
    }
  }

  @Override
  public Optional<String> refuses(
      LstmShape shape, Regularisation regularisation, EngineChoice how) {
    if (how.device().isGpu()) {
      return Optional.of("oneDNN needs engine.device = cpu or auto");
    }
    if (how.precision() == Precision.TF32) {
      return Optional.of("oneDNN needs engine.precision = float32 or bfloat16");
    }
    return Optional.empty();
  }

  /** An upper bound. */
  @Override
  public Memory memory(
      LstmShape shape, Optimiser optimiser, EngineChoice how, int lanes, int... lengths) {
    long softmax = Float.BYTES * (shape.vocabularySize() * (shape.outputSize() + 1L));
    // With a sampled softmax each window has rows of the softmax layer and their gradient.
    long bytes = OneDnnReplica.bytes(shape) + (lengths.length - 1) * softmax;
    for (int length : lengths) {
      bytes += OneDnnWindow.bytes(shape, how.precision(), lanes, length);
    }
    return new Memory(bytes * 11 / 10, 0);
  }

  @Override
  public Replica replica(LstmShape shape, int lanes, EngineChoice how, String gpu) {
    Optional<String> why = whyUnavailable(how, gpu);
    if (why.isPresent()) {
      throw new IllegalStateException("The engine onednn does not run here: " + why.get());
    }
    return new OneDnnReplica(shape, lanes, how.precision());
  }
}
