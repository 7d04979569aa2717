package org.sparklstm.engine;

import java.util.Optional;
import org.sparklstm.model.LstmShape;

/**
 * An implementation of {@link Replica}. Each is a service: {@link Engines} finds those whose jar
 * names them in {@code META-INF/services}. Making an engine loads no native library.
 */
public interface Engine {

  /** {@return what {@code engine.name} calls it: lower case, words joined by hyphens} */
  String name();

  /**
   * {@return the rank by which {@code engine.name = auto} chooses: of the engines that can be used,
   * the highest}
   */
  int preference();

  /**
   * Whether it runs on this machine.
   *
   * @param precision of training
   * @return why it does not, as a sentence; empty if it does
   */
  Optional<String> whyUnavailable(Precision precision);

  /**
   * Whether it can train such a model.
   *
   * @param shape of the network
   * @param regularisation of the training
   * @param how it is to train; the name is not read
   * @return why it cannot, as a sentence; empty if it can
   */
  Optional<String> refuses(LstmShape shape, Regularisation regularisation, EngineChoice how);

  /**
   * What a replica needs besides the Java heap.
   *
   * @param shape of the network
   * @param optimiser whose state it may keep there
   * @param precision of training
   * @param lanes B of its windows
   * @param length T of its windows
   * @return bytes, estimated from the sizes
   */
  Memory memory(LstmShape shape, Optimiser optimiser, Precision precision, int lanes, int length);

  /**
   * A new replica, with parameters and lane state of zeros and no optimiser state.
   *
   * @param shape of the network
   * @param lanes B, the lanes of every window
   * @param precision of training
   * @return a replica that the caller closes
   * @throws IllegalStateException if the engine does not run on this machine
   */
  Replica replica(LstmShape shape, int lanes, Precision precision);

  /**
   * Bytes outside the Java heap.
   *
   * @param host of the machine
   * @param device of an accelerator; 0 without one
   */
  record Memory(long host, long device) {}
}
