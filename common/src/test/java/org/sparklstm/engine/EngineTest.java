package org.sparklstm.engine;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.File;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;
import org.sparklstm.error.ConfigurationException;
import org.sparklstm.model.LstmShape;

class EngineTest {
  private static final LstmShape SHAPE = new LstmShape(11, 3, 1);

  @Test
  void theFastEngineIsPreferred() {
    assertThat(Engines.all()).extracting(Engine::name).containsExactly("onednn", "dl4j");
    assertThat(new EngineChoice("auto", 1).engine().name()).isEqualTo("onednn");
  }

  @Test
  void anEngineThatNoJarHasIsRefused() {
    assertThatThrownBy(() -> Engines.find("abacus"))
        .isInstanceOf(ConfigurationException.class)
        .hasMessage(
            "engine.name = abacus: no jar on the class path has this engine, only [onednn, dl4j]");
  }

  @Test
  void dl4jRefusesTiedEmbeddingsAndSeveralThreads() {
    Engine dl4j = Engines.find("dl4j");
    LstmShape tied = new LstmShape(11, 3, 1, true);

    assertThat(dl4j.refuses(SHAPE, Regularisation.NONE, 1)).isEmpty();
    assertThat(dl4j.refuses(tied, Regularisation.NONE, 1))
        .hasValue("DL4J has no model.tie-embeddings");
    assertThat(dl4j.refuses(SHAPE, Regularisation.NONE, 2))
        .hasValue("DL4J needs engine.threads = 1");
    assertThatThrownBy(() -> dl4j.replica(tied, 2))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessage("DL4J has no tied embeddings");
  }

  @Test
  void noEngineHereNeedsADevice() {
    for (Engine engine : Engines.all()) {
      Engine.Memory few = engine.memory(SHAPE, new Sgd(5), 2, 5);
      Engine.Memory more = engine.memory(new LstmShape(1000, 30, 2), new Sgd(5), 4, 10);
      assertThat(few.device()).isZero();
      assertThat(few.host()).isPositive().isLessThan(more.host());
    }
  }

  /** A Java without oneDNN's native library on its class path. */
  @Test
  void withoutOneDnnTheEngineSaysWhyAndTheOtherStillRuns() throws Exception {
    assertThat(withoutOneDnn("onednn"))
        .contains("The engine onednn does not run here: oneDNN cannot be loaded: ");
    assertThat(withoutOneDnn("dl4j")).contains("Dl4jReplica");
  }

  private static String withoutOneDnn(String name) throws Exception {
    String classPath =
        Arrays.stream(System.getProperty("java.class.path").split(File.pathSeparator))
            .filter(entry -> !Path.of(entry).getFileName().toString().matches("dnnl-.*-.*-.*-.*"))
            .collect(Collectors.joining(File.pathSeparator));
    Process process =
        new ProcessBuilder(
                List.of(
                    Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                    "-Dorg.bytedeco.javacpp.cachedir=" + System.getProperty("java.io.tmpdir"),
                    "-cp",
                    classPath,
                    Main.class.getName(),
                    name))
            .redirectErrorStream(true)
            .start();
    String output = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
    assertThat(process.waitFor(1, TimeUnit.MINUTES)).isTrue();
    return output;
  }

  /** Prints the class of the replica that an engine makes. */
  static final class Main {
    private Main() {}

    public static void main(String[] args) {
      try (Replica replica = Engines.find(args[0]).replica(SHAPE, 2)) {
        System.out.println(replica.getClass().getSimpleName());
      } catch (IllegalStateException e) {
        System.out.println(e.getMessage());
      }
    }
  }
}
