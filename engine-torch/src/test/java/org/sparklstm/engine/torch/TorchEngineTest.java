package org.sparklstm.engine.torch;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.sparklstm.engine.OtherJava.classPathWithout;

import java.io.File;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import org.bytedeco.javacpp.Loader;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.sparklstm.engine.Device;
import org.sparklstm.engine.Dropout;
import org.sparklstm.engine.Engine;
import org.sparklstm.engine.EngineChoice;
import org.sparklstm.engine.Engines;
import org.sparklstm.engine.OtherJava;
import org.sparklstm.engine.Precision;
import org.sparklstm.engine.Regularisation;
import org.sparklstm.engine.Sgd;
import org.sparklstm.model.LstmShape;

class TorchEngineTest {
  private static final LstmShape SHAPE = new LstmShape(11, 3, 1);
  private static final String LIBRARIES = "pytorch-.*-" + Loader.getPlatform() + "\\.jar";

  @Test
  void onACpuTheOtherFastEngineIsPreferred() {
    assertThat(Engines.all()).extracting(Engine::name).containsExactly("onednn", "torch", "dl4j");
    assertThat(EngineChoice.of("auto").engine().name()).isEqualTo("onednn");
    assertThat(Engines.whyUnavailable(EngineChoice.of("torch"), EngineChoice.NO_GPU, 0)).isEmpty();
  }

  private static EngineChoice how(Device device) {
    return new EngineChoice("torch", 1, Precision.FLOAT32, device);
  }

  @Test
  void theDeviceIsTheWantedOneOrTheTasksOrThatOfTheBuild() {
    assertThat(TorchDevice.of(Device.CPU, true, "1").name()).isEqualTo("cpu");
    assertThat(TorchDevice.of(Device.CUDA, false, "").name()).isEqualTo("cuda:0");
    assertThat(TorchDevice.of(Device.CUDA, true, "3").name()).isEqualTo("cuda:3");
    assertThat(TorchDevice.of(Device.CUDA_GRAPH, true, "3").index()).isEqualTo((byte) 3);
    assertThat(TorchDevice.of(Device.AUTO, false, "").name()).isEqualTo("cpu");
    assertThat(TorchDevice.of(Device.AUTO, false, "1").name()).isEqualTo("cuda:1");
    assertThat(TorchDevice.of(Device.AUTO, true, "").name()).isEqualTo("cuda:0");
    assertThat(TorchDevice.of(Device.AUTO, true, "2").name()).isEqualTo("cuda:2");
  }

  @ParameterizedTest
  @CsvSource({"CUDA, ''", "CUDA_GRAPH, ''", "AUTO, 1"})
  void aGpuIsRefusedWhereTheLibraryIsForTheCpu(Device wanted, String gpu) {
    assertThatThrownBy(() -> how(wanted).replica(SHAPE, 2, gpu))
        .isInstanceOf(IllegalStateException.class)
        .hasMessage(
            "The engine torch does not run here: libtorch on the class path is built for the CPU:"
                + " replace its jar by that with the classifier linux-x86_64-gpu to compute on a"
                + " GPU");
  }

  @Test
  void aSampledSoftmaxIsForTheOtherFastEngine() {
    Regularisation sampled = new Regularisation(Dropout.NONE, 0, 0, 9);
    assertThat(
            Engines.find("torch")
                .refuses(new LstmShape(9, 3, 1), sampled, EngineChoice.of("torch")))
        .hasValue("libtorch needs train.softmax-samples = 0");
  }

  @Test
  void memoryIsWhereTheDeviceIs() {
    Engine.Memory cpu = memory(Device.CPU, SHAPE, 5);
    Engine.Memory gpu = memory(Device.CUDA, SHAPE, 5);

    LstmShape large = new LstmShape(1000, 30, 2);
    assertThat(cpu.device()).isZero();
    assertThat(cpu.host()).isLessThan(memory(Device.CPU, large, 10).host());
    assertThat(gpu.host()).isPositive().isLessThan(gpu.device());
    assertThat(gpu.device())
        .isLessThan(memory(Device.CUDA_GRAPH, SHAPE, 5).device())
        .isLessThan(memory(Device.CUDA, large, 10).device());
  }

  private static Engine.Memory memory(Device device, LstmShape shape, int length) {
    return Engines.find("torch").memory(shape, new Sgd(5), how(device), 4, length);
  }

  /** The jar with libtorch's Java classes alone, and not even that. */
  @Test
  void withoutTheLibraryTheEngineSaysWhyAndOthersRun() throws Exception {
    String why = "The engine torch does not run here: libtorch is not on the class path: ";
    assertThat(run("torch", classPathWithout(LIBRARIES))).contains(why);
    assertThat(run("torch", classPathWithout("pytorch-.*\\.jar"))).contains(why);
    assertThat(run("onednn", classPathWithout("pytorch-.*\\.jar"))).contains("OneDnnReplica");
  }

  @Test
  void withTwoBuildsNoneIsLoaded(@TempDir Path gpu) throws Exception {
    build(gpu, "-gpu");
    assertThat(run("torch", gpu + File.pathSeparator + classPathWithout("none")))
        .contains("both on the class path");
    assertThat(
            run(
                "torch",
                gpu + File.pathSeparator + classPathWithout("none"),
                "-Dorg.bytedeco.javacpp.platform.extension="))
        .contains("TorchReplica");
  }

  /** What is no library, in the place of that for GPUs. */
  @Test
  void aLibraryThatCannotBeLoadedIsNoDeath(@TempDir Path gpu) throws Exception {
    build(gpu, "-gpu");
    assertThat(run("torch", gpu + File.pathSeparator + classPathWithout(LIBRARIES)))
        .contains("The engine torch does not run here: libtorch cannot be loaded: ");
  }

  /** An empty file where a jar of libtorch has the library. */
  private static void build(Path classPath, String extension) throws IOException {
    Path library =
        classPath.resolve(
            "org/bytedeco/pytorch/%s%s/%s"
                .formatted(Loader.getPlatform(), extension, System.mapLibraryName("jnitorch")));
    Files.createDirectories(library.getParent());
    Files.createFile(library);
  }

  private static String run(String engine, String classPath, String... options) throws Exception {
    return OtherJava.replica(engine, Precision.FLOAT32, classPath, Map.of(), options);
  }
}
