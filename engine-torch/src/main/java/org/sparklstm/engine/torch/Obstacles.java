package org.sparklstm.engine.torch;

import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** Why libtorch does not run on a machine, from what is known of the machine, in one line. */
final class Obstacles {
  private static final Pattern MISSING_LIBRARY =
      Pattern.compile("(lib[\\w+-]+\\.so[.\\d]*): cannot open shared object file");

  private Obstacles() {}

  /**
   * Before anything is loaded.
   *
   * @param cpuBuild whether libtorch for the CPU is on the class path
   * @param gpuBuild whether libtorch for GPUs is
   */
  static Optional<String> toLoading(boolean cpuBuild, boolean gpuBuild, TorchDevice device) {
    if (!cpuBuild && !gpuBuild) {
      return Optional.of(
          "libtorch is not on the class path: add the jar org.bytedeco:pytorch with the classifier"
              + " linux-x86_64-gpu, or linux-x86_64 for the CPU");
    }
    if (cpuBuild && gpuBuild) {
      return Optional.of(
          "libtorch for the CPU and libtorch for GPUs are both on the class path, which would end"
              + " the JVM: leave one of the jars of org.bytedeco:pytorch out");
    }
    if (device.isGpu() && cpuBuild) {
      return Optional.of(
          "libtorch on the class path is built for the CPU: replace its jar by that with the"
              + " classifier linux-x86_64-gpu to compute on a GPU");
    }
    return Optional.empty();
  }

  /**
   * Before anything is loaded.
   *
   * @param wanted whether a CUDA graph is
   * @param found whether CUDA's binding is on the class path
   */
  static Optional<String> toRecording(boolean wanted, boolean found, TorchDevice device) {
    if (wanted && !found) {
      return Optional.of(
          "engine.device = cuda-graph needs CUDA's binding: add the jars org.bytedeco:cuda with and"
              + " without the classifier linux-x86_64, or set engine.device = cuda");
    }
    if (wanted && device.index() != 0) { // a graph runs on the thread's own GPU, which is number 0
      return Optional.of(
          "engine.device = cuda-graph works on GPU 0 only, and this worker has GPU %s: set engine.device = cuda"
              .formatted(device.index()));
    }
    return Optional.empty();
  }

  /**
   * When loading failed.
   *
   * @param error what the loader said
   */
  static String loading(String error) {
    Matcher library = MISSING_LIBRARY.matcher(error);
    if (!library.find()) {
      return "libtorch cannot be loaded: " + firstLine(error);
    }
    String name = library.group(1);
    return "libtorch needs %s, which is not on this machine: install %s, or add its folder to LD_LIBRARY_PATH"
        .formatted(name, packageOf(name));
  }

  private static String packageOf(String library) {
    if (library.startsWith("libcuda.so")) {
      return "the driver of the GPU";
    }
    if (library.startsWith("libcudnn")) {
      return "cuDNN 9 for CUDA 13";
    }
    if (library.startsWith("libnccl")) {
      return "NCCL 2 for CUDA 13";
    }
    if (library.startsWith("libcu") || library.startsWith("libnv")) {
      return "CUDA 13";
    }
    return "it";
  }

  /**
   * When libtorch is loaded.
   *
   * @param cudaAvailable whether it says that CUDA is available
   * @param kernelError what it said when it was to compute on the GPU; empty if it did
   */
  static Optional<String> toComputing(
      TorchDevice device, boolean cudaAvailable, Optional<String> kernelError) {
    if (!device.isGpu()) {
      return Optional.empty();
    }
    if (!cudaAvailable) {
      return Optional.of(
          "libtorch finds no GPU that it can use: nvidia-smi must show one, and a driver for CUDA 13"
              + " (580 or later)");
    }
    return kernelError.map(Obstacles::computing);
  }

  private static String computing(String error) {
    if (error.contains("no kernel image")) {
      return "libtorch has no machine code for the GPU of this machine, only for compute capabilities"
          + " 7.5 to 12.0: nvidia-smi --query-gpu=compute_cap --format=csv shows which it has";
    }
    return "libtorch cannot compute on the GPU: " + firstLine(error);
  }

  /**
   * When the device has no room for a replica.
   *
   * @param bytes that it takes
   */
  static String room(long bytes, String error) {
    return "a worker needs %s MB of the GPU's memory, which are not free: lower data.lanes, or let fewer workers share it (%s)"
        .formatted(bytes / 1_000_000, firstLine(error));
  }

  /** What to say of an error in training. */
  static Optional<String> training(String error) {
    return error.contains("out of memory")
        ? Optional.of(
            "The GPU has no memory left for a window: lower data.lanes, or let fewer workers share it"
                + " (%s)".formatted(firstLine(error)))
        : Optional.empty();
  }

  private static String firstLine(String text) {
    return text.lines().findFirst().orElse("");
  }
}
