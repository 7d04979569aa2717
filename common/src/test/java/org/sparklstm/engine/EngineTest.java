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
import org.sparklstm.model.LstmSpec;
import org.sparklstm.model.LstmSpec.DropoutMode;

class EngineTest {
  private static final LstmSpec SPEC = new LstmSpec(11, 3, 1, 1);

  @Test
  void autoIsTheFusedEngine() {
    try (Replica replica = new Engine(Engine.Name.AUTO, 1).replica(SPEC, 2)) {
      assertThat(replica).isInstanceOf(FusedReplica.class);
    }
  }

  @Test
  void dl4jIsTheReference() {
    try (Replica replica = new Engine(Engine.Name.DL4J, 1).replica(SPEC, 2)) {
      assertThat(replica).isInstanceOf(Dl4jReplica.class);
    }
  }

  @Test
  void dl4jRefusesTiedEmbeddings() {
    LstmSpec tied = new LstmSpec(11, 3, 1, 1, DropoutMode.PER_STEP, true);
    assertThatThrownBy(() -> new Engine(Engine.Name.DL4J, 1).replica(tied, 2))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessage("DL4J has no tied embeddings");
  }

  /** A Java without oneDNN's native library on its class path. */
  @Test
  void withoutOneDnnAutoFallsBackAndFusedSaysWhy() throws Exception {
    assertThat(replicaWithoutOneDnn("AUTO")).contains("Dl4jReplica");
    assertThat(replicaWithoutOneDnn("FUSED")).contains("The fused engine does not run here: ");
  }

  private static String replicaWithoutOneDnn(String name) throws Exception {
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
      try (Replica replica = new Engine(Engine.Name.valueOf(args[0]), 1).replica(SPEC, 2)) {
        System.out.println(replica.getClass().getSimpleName());
      } catch (IllegalStateException e) {
        System.out.println(e.getMessage());
      }
    }
  }
}
