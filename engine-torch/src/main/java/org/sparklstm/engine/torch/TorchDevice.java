package org.sparklstm.engine.torch;

import org.sparklstm.engine.Device;

/**
 * Where libtorch computes.
 *
 * @param name as libtorch has it
 */
record TorchDevice(String name) {
  private static final String GPU = "cuda:";

  static final TorchDevice CPU = new TorchDevice("cpu");

  /**
   * The device of a setting.
   *
   * @param gpuBuild whether libtorch on the class path is for GPUs
   * @param gpu that Spark gave the task, else the first one
   */
  static TorchDevice of(Device wanted, boolean gpuBuild, String gpu) {
    boolean onGpu =
        switch (wanted) {
          case CPU -> false;
          case CUDA, CUDA_GRAPH -> true;
          case AUTO -> gpuBuild || !gpu.isEmpty();
        };
    return onGpu ? new TorchDevice(GPU + (gpu.isEmpty() ? "0" : gpu)) : CPU;
  }

  boolean isGpu() {
    return !equals(CPU);
  }

  /** The number of a GPU. */
  byte index() {
    return Byte.parseByte(name.substring(GPU.length()));
  }
}
