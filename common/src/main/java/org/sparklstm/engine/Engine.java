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
   * @param how it is to compute; the name is not read
   * @param gpu that Spark gave the caller's task, a number; {@link EngineChoice#NO_GPU} if none
   * @return why it does not, as a sentence; empty if it does
   */
  Optional<String> whyUnavailable(EngineChoice how, String gpu);

  /**
   * Whether the device of a task has no room for a replica.
   *
   * @param bytes of the device, {@link Memory#device}
   * @param how it is to compute; the name is not read
   * @param gpu that Spark gave the caller's task, a number; {@link EngineChoice#NO_GPU} if none
   * @return what is lacking, as a sentence; empty if there is room, or no device
   */
  default Optional<String> lacks(long bytes, EngineChoice how, String gpu) {
    return Optional.empty();
  }

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
   * @param how it is to compute; the name is not read
   * @param lanes B of its windows
   * @param lengths T of its windows, which come in turn; the longest first
   * @return bytes, estimated from the sizes
   */
  Memory memory(LstmShape shape, Optimiser optimiser, EngineChoice how, int lanes, int... lengths);

  /**
   * A new replica, with parameters and lane state of zeros and no optimiser state.
   *
   * @param shape of the network
   * @param lanes B, the lanes of every window
   * @param how it is to compute; neither name nor threads are read
   * @param gpu that Spark gave the caller's task, a number; {@link EngineChoice#NO_GPU} if none
   * @return a replica that the caller closes
   * @throws IllegalStateException if the engine does not run on this machine
   */
  Replica replica(LstmShape shape, int lanes, EngineChoice how, String gpu);

  /**
   * Bytes outside the Java heap.
   *
   * @param host of the machine
   * @param device of an accelerator; 0 without one
   */
  record Memory(long host, long device) {}
}
