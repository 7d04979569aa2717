package org.sparklstm.engine.torch;

/** Where libtorch computes. */
enum TorchDevice {
  CPU,
  CUDA;

  /**
   * The device of a setting.
   *
   * @param wanted {@code cpu}, {@code cuda}, or {@code auto}: what libtorch on the class path is
   *     built for
   * @param gpuBuild whether that is for GPUs
   * @throws IllegalArgumentException if it is none of these
   */
  static TorchDevice of(String wanted, boolean gpuBuild) {
    return switch (wanted) {
      case "cpu" -> CPU;
      case "cuda" -> CUDA;
      case "auto" -> gpuBuild ? CUDA : CPU;
      default ->
          throw new IllegalArgumentException(
              "The device of the engine torch must be auto, cpu or cuda, is " + wanted);
    };
  }
}
