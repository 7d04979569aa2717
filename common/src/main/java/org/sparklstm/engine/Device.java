package org.sparklstm.engine;

/** Where an engine is to compute that can do so on several devices. */
public enum Device {
  /** The GPU that Spark gave the worker, else what the engine on the class path is built for. */
  AUTO,
  /** The processor. */
  CPU,
  /** An NVIDIA GPU: the one that Spark gave the worker, else the first one. */
  CUDA
}
