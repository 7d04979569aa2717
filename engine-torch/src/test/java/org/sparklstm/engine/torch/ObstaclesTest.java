package org.sparklstm.engine.torch;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;

/** What the engine says on machines that these tests do not run on. */
class ObstaclesTest {
  private static final TorchDevice GPU = new TorchDevice("cuda:0");

  @Test
  void oneBuildOfTheRightKindMayBeLoaded() {
    assertThat(Obstacles.toLoading(true, false, TorchDevice.CPU)).isEmpty();
    assertThat(Obstacles.toLoading(false, true, TorchDevice.CPU)).isEmpty();
    assertThat(Obstacles.toLoading(false, true, GPU)).isEmpty();
  }

  @Test
  void withoutTheLibraryItSaysWhichJarToAdd() {
    assertThat(Obstacles.toLoading(false, false, TorchDevice.CPU))
        .hasValue(
            "libtorch is not on the class path: add the jar org.bytedeco:pytorch with the classifier"
                + " linux-x86_64-gpu, or linux-x86_64 for the CPU");
  }

  @Test
  void twoBuildsAreNotLoaded() {
    for (TorchDevice device : List.of(TorchDevice.CPU, GPU)) {
      assertThat(Obstacles.toLoading(true, true, device))
          .hasValue(
              "libtorch for the CPU and libtorch for GPUs are both on the class path, which would"
                  + " end the JVM: leave one of the jars of org.bytedeco:pytorch out");
    }
  }

  @Test
  void theBuildForTheCpuHasNoGpu() {
    assertThat(Obstacles.toLoading(true, false, GPU))
        .hasValue(
            "libtorch on the class path is built for the CPU: replace its jar by that with the"
                + " classifier linux-x86_64-gpu to compute on a GPU");
  }

  @Test
  void recordingNeedsTheBindingOfCuda() {
    assertThat(Obstacles.toRecording(false, false, GPU)).isEmpty();
    assertThat(Obstacles.toRecording(true, true, GPU)).isEmpty();
    assertThat(Obstacles.toRecording(true, false, GPU))
        .hasValue(
            "engine.device = cuda-graph needs CUDA's binding: add the jars org.bytedeco:cuda with"
                + " and without the classifier linux-x86_64, or set engine.device = cuda");
  }

  @Test
  void recordingWorksOnTheFirstGpuOnly() {
    TorchDevice second = new TorchDevice("cuda:1");

    assertThat(Obstacles.toRecording(false, true, second)).isEmpty();
    assertThat(Obstacles.toRecording(true, true, second))
        .hasValue(
            "engine.device = cuda-graph works on GPU 0 only, and this worker has GPU 1: set"
                + " engine.device = cuda");
  }

  @Test
  void aMissingLibraryIsNamedWithWhatBringsIt() {
    assertThat(missing("libcudart.so.13")).isEqualTo(needs("libcudart.so.13", "CUDA 13"));
    assertThat(missing("libcublasLt.so.13")).isEqualTo(needs("libcublasLt.so.13", "CUDA 13"));
    assertThat(missing("libnvrtc.so.13")).isEqualTo(needs("libnvrtc.so.13", "CUDA 13"));
    assertThat(missing("libcudnn.so.9")).isEqualTo(needs("libcudnn.so.9", "cuDNN 9 for CUDA 13"));
    assertThat(missing("libnccl.so.2")).isEqualTo(needs("libnccl.so.2", "NCCL 2 for CUDA 13"));
    assertThat(missing("libcuda.so.1")).isEqualTo(needs("libcuda.so.1", "the driver of the GPU"));
    assertThat(missing("libgomp.so.1")).isEqualTo(needs("libgomp.so.1", "it"));
  }

  private static String missing(String library) {
    return Obstacles.loading(
        "no jnitorch in java.library.path: [/usr/lib]\n/cache/libtorch_cuda.so: %s: cannot open shared object file: No such file or directory"
            .formatted(library));
  }

  private static String needs(String library, String what) {
    return "libtorch needs %s, which is not on this machine: install %s, or add its folder to LD_LIBRARY_PATH"
        .formatted(library, what);
  }

  @Test
  void anotherErrorOfTheLoaderIsGivenInOneLine() {
    assertThat(Obstacles.loading("/cache/libjnitorch.so: file too short\nat …"))
        .isEqualTo("libtorch cannot be loaded: /cache/libjnitorch.so: file too short");
  }

  @Test
  void theCpuNeedsNoGpu() {
    assertThat(Obstacles.toComputing(TorchDevice.CPU, false, Optional.empty())).isEmpty();
  }

  @Test
  void aGpuThatComputesIsNoObstacle() {
    assertThat(Obstacles.toComputing(GPU, true, Optional.empty())).isEmpty();
  }

  @Test
  void withoutAGpuTheCpuIsNotTakenInSilence() {
    assertThat(Obstacles.toComputing(GPU, false, Optional.empty()))
        .hasValue(
            "libtorch finds no GPU that it can use: nvidia-smi must show one, and a driver for CUDA"
                + " 13 (580 or later)");
  }

  @Test
  void aGpuThatTheLibraryHasNoCodeForIsNamedByItsCapability() {
    assertThat(
            Obstacles.toComputing(
                GPU,
                true,
                Optional.of(
                    "CUDA error: no kernel image is available for execution on the device\nCUDA …")))
        .hasValue(
            "libtorch has no machine code for the GPU of this machine, only for compute capabilities"
                + " 7.5 to 12.0: nvidia-smi --query-gpu=compute_cap --format=csv shows which it has");
  }

  @Test
  void anotherErrorOfTheGpuIsGivenInOneLine() {
    assertThat(
            Obstacles.toComputing(
                GPU, true, Optional.of("CUDA error: out of memory\nCUDA kernel …")))
        .hasValue("libtorch cannot compute on the GPU: CUDA error: out of memory");
  }

  @Test
  void whatTheDeviceHasNoRoomForIsNamed() {
    assertThat(Obstacles.room(1_234_000_000, "CUDA out of memory. Tried\nmore"))
        .isEqualTo(
            "a worker needs 1234 MB of the GPU's memory, which are not free: lower data.lanes, or"
                + " let fewer workers share it (CUDA out of memory. Tried)");
    assertThat(Obstacles.training("CUDA out of memory. Tried\nmore"))
        .hasValue(
            "The GPU has no memory left for a window: lower data.lanes, or let fewer workers share"
                + " it (CUDA out of memory. Tried)");
    assertThat(Obstacles.training("CUDA error: an illegal memory access")).isEmpty();
  }

  /** With the processor in the place of a GPU. */
  @Test
  void roomIsFoundByTakingIt() {
    assertThat(TorchLibrary.allocationError(1 << 20, TorchDevice.CPU)).isEmpty();
    assertThat(TorchLibrary.allocationError(1L << 60, TorchDevice.CPU)).isPresent();
  }
}
