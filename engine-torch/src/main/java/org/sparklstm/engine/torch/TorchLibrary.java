package org.sparklstm.engine.torch;

import java.io.IOException;
import java.net.URL;
import java.util.List;
import java.util.Optional;
import org.bytedeco.javacpp.Loader;
import org.bytedeco.javacpp.PointerScope;
import org.bytedeco.pytorch.Context;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch;
import org.bytedeco.pytorch.global.torch.ScalarType;
import org.sparklstm.engine.Precision;

/** libtorch of this JVM: whether it is there and runs. */
final class TorchLibrary {
  private static final String EXTENSION = "org.bytedeco.javacpp.platform.extension";
  private static final String GPU = "-gpu";

  private TorchLibrary() {}

  /** Whether the class path has libtorch for GPUs. */
  static boolean hasGpuBuild() {
    return has(GPU);
  }

  /** Whether JavaCPP finds a build; that of its property only, if it is set. */
  private static boolean has(String extension) {
    return System.getProperty(EXTENSION, extension).equals(extension)
        && resource("pytorch", extension, "jnitorch") != null;
  }

  /** A library of a binding's build on the class path, or null. */
  private static URL resource(String binding, String extension, String library) {
    return TorchLibrary.class
        .getClassLoader()
        .getResource(
            "org/bytedeco/%s/%s%s/%s"
                .formatted(
                    binding, Loader.getPlatform(), extension, System.mapLibraryName(library)));
  }

  /** Whether the class path has what records a CUDA graph. */
  private static boolean canRecord() {
    return resource("cuda", "", "jnicudart") != null;
  }

  /**
   * Why it does not compute on a device; nothing is loaded if that is clear before.
   *
   * @param records whether it is to record
   */
  static Optional<String> whyUnavailable(TorchDevice device, boolean records) {
    return Obstacles.toLoading(has(""), has(GPU), device)
        .or(() -> Obstacles.toRecording(records, canRecord(), device))
        .or(() -> Loaded.ERROR.map(Obstacles::loading))
        .or(() -> cudaError(device).map(Obstacles::loading))
        .or(() -> Obstacles.toComputing(device, torch.cuda_is_available(), kernelError(device)));
  }

  /** Why the part for GPUs cannot be loaded: JavaCPP leaves it out in silence. */
  private static Optional<String> cudaError(TorchDevice device) {
    if (!device.isGpu() || torch.cuda_is_available()) {
      return Optional.empty();
    }
    try {
      for (String library : List.of("c10_cuda", "torch_cuda")) {
        System.load(Loader.cacheResource(resource("pytorch", GPU, library)).getPath());
      }
      return Optional.empty();
    } catch (IOException | UnsatisfiedLinkError e) {
      return Optional.of(String.valueOf(e.getMessage()));
    }
  }

  /** Loaded when it is first needed, which takes seconds. */
  private static final class Loaded {
    static final Optional<String> ERROR = load();

    private static Optional<String> load() {
      try {
        Loader.load(torch.class);
        configure(torch.globalContext());
        return Optional.empty();
      } catch (LinkageError e) {
        return Optional.of(messages(e));
      }
    }

    /** What could make two runs differ is switched off, and so is what computes less precisely. */
    private static void configure(Context context) {
      // A prototype on this build got wrong results from oneDNN's LSTM, which only inference takes.
      context.setUserEnabledMkldnn(false);
      context.setDeterministicCuDNN(true);
      context.setBenchmarkCuDNN(false);
      // Warns of what is not deterministic instead of failing, also where CUBLAS_WORKSPACE_CONFIG
      // is not set: it matters only to programs that compute on several streams.
      context.setDeterministicAlgorithms(true, true);
      context.setDeterministicFillUninitializedMemory(false); // no kernel here reads such memory
      context.setAllowBF16ReductionCuBLAS(false);
    }

    /** The loader's own message is in a cause of the error. */
    private static String messages(Throwable error) {
      StringBuilder messages = new StringBuilder(String.valueOf(error.getMessage()));
      for (Throwable cause = error.getCause(); cause != null; cause = cause.getCause()) {
        messages.append('\n').append(cause.getMessage());
      }
      return messages.toString();
    }
  }

  /** Sets how GPUs multiply floats: a switch of the whole process. */
  static void multiplyIn(Precision precision) {
    Context context = torch.globalContext();
    context.setAllowTF32CuBLAS(precision == Precision.TF32);
    context.setAllowTF32CuDNN(precision == Precision.TF32);
  }

  /** What libtorch says when it is to take so much memory of the device, which it gives back. */
  static Optional<String> allocationError(long bytes, TorchDevice device) {
    return error(() -> new Tensors(device).take(bytes));
  }

  /** What libtorch says when it is to add two numbers on the device. */
  private static Optional<String> kernelError(TorchDevice device) {
    if (device.isGpu() && !torch.cuda_is_available()) {
      return Optional.empty();
    }
    return error(
        () -> {
          Tensor sum = new Tensors(device).zeros(ScalarType.Float, 1);
          Tensors.floats(sum.add(sum));
        });
  }

  private static Optional<String> error(Runnable computation) {
    try (PointerScope scope = new PointerScope()) {
      computation.run();
      return Optional.empty();
    } catch (RuntimeException e) {
      return Optional.of(String.valueOf(e.getMessage()));
    }
  }
}
