package org.sparklstm.engine.onednn;

import java.util.Optional;
import org.sparklstm.engine.Engine;
import org.sparklstm.engine.Optimiser;
import org.sparklstm.engine.Regularisation;
import org.sparklstm.engine.Replica;
import org.sparklstm.model.LstmShape;

/** The fast engine on a CPU: oneDNN's LSTM and softmax primitives and matrix products. */
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
  public Optional<String> whyUnavailable() {
    try (OneDnn oneDnn = new OneDnn()) {
      return Optional.empty();
    } catch (LinkageError
        | RuntimeException e) { // no library, or a processor that it does not know
      return Optional.of("oneDNN cannot be loaded: " + e.getMessage());
    }
  }

  @Override
  public Optional<String> refuses(LstmShape shape, Regularisation regularisation, int threads) {
    return Optional.empty();
  }

  /** An upper bound. */
  @Override
  public Memory memory(LstmShape shape, Optimiser optimiser, int lanes, int length) {
    return new Memory(OneDnnReplica.bytes(shape, lanes, length), 0);
  }

  @Override
  public Replica replica(LstmShape shape, int lanes) {
    Optional<String> why = whyUnavailable();
    if (why.isPresent()) {
      throw new IllegalStateException("The engine onednn does not run here: " + why.get());
    }
    return new OneDnnReplica(shape, lanes);
  }
}
