package org.sparklstm.engine;

/** Where an engine is to compute that can do so on several devices. */
public enum Device {
  /** The GPU that Spark gave the worker, else what the engine on the class path is built for. */
  AUTO,
  /** The processor. */
  CPU,
  /** An NVIDIA GPU: the one that Spark gave the worker, else the first one. */
  CUDA,
  /** The same, and the step of a window is recorded as a CUDA graph. */
  CUDA_GRAPH;

  /** {@return whether it must be a GPU} */
  public boolean isGpu() {
    return this == CUDA || this == CUDA_GRAPH;
  }
}
