package org.sparklstm.it;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * Spark assigns GPUs to workers. The machine pretends to have them, and libtorch computes on the
 * CPU.
 */
class GpuIT {
  private static final Path ROOT =
      Path.of(System.getProperty("app.jar")).getParent().getParent().getParent();

  @TempDir Path directory;

  @Test
  void twoWorkersOfOneExecutorHaveAGpuEach() throws Exception {
    try (SparkCluster cluster = new SparkCluster(directory, 1, 2, announcing(2, 5))) {
      assertThat(gpus(cluster, "run", "2"))
          .isNotEmpty()
          .allSatisfy(round -> assertThat(round).containsExactlyInAnyOrder("2", "5"));

      // Nothing is loaded where Spark gives a GPU that libtorch on the class path cannot use.
      try (SparkProcess job = submit(cluster, "refused", "2", "--set", "engine.name=torch")) {
        assertThat(job.exitCode()).describedAs(job.errors()).isEqualTo(2);
        assertThat(job.errors())
            .contains(
                "No engine can train this model here: torch (libtorch on the class path is built"
                    + " for the CPU");
      }
    }
  }

  @Test
  void eachOfTwoExecutorsHasItsGpu() throws Exception {
    try (SparkCluster cluster = new SparkCluster(directory, 2, 1, announcing(3))) {
      assertThat(gpus(cluster, "run", "1"))
          .isNotEmpty()
          .allSatisfy(round -> assertThat(round).containsExactly("3", "3"));
    }
  }

  /** The GPUs of the two workers in each round of a run on libtorch. */
  private List<List<String>> gpus(SparkCluster cluster, String run, String each) throws Exception {
    try (SparkProcess job =
        submit(cluster, run, each, "--set", "engine.name=torch", "--set", "engine.device=cpu")) {
      assertThat(job.exitCode()).describedAs("exit code; it printed%n%s", job.errors()).isZero();
    }
    ObjectMapper json = new ObjectMapper();
    List<List<String>> gpus = new ArrayList<>();
    for (String line : Files.readAllLines(directory.resolve(run + "/metrics.jsonl"))) {
      JsonNode event = json.readTree(line);
      if (event.path("event").asText().equals("round")) {
        List<String> round = new ArrayList<>();
        event.path("worker_gpus").forEach(gpu -> round.add(gpu.asText()));
        gpus.add(round);
      }
    }
    return gpus;
  }

  /**
   * Submits a training of two workers with a GPU each.
   *
   * @param each cores and GPUs of an executor
   */
  private SparkProcess submit(SparkCluster cluster, String run, String each, String... more)
      throws IOException {
    List<String> arguments = new ArrayList<>(SmallCorpus.SETTINGS);
    arguments.addAll(List.of("--data-path", corpus(), "--save-path", directory + "/" + run));
    arguments.addAll(List.of(more));
    return SparkProcess.submit(
        directory.resolve(run + "-job"),
        cluster.master(),
        List.of(
            "--jars",
            jars(),
            "--executor-cores",
            each,
            "--conf",
            "spark.executor.resource.gpu.amount=" + each),
        arguments.toArray(String[]::new));
  }

  private String corpus() throws IOException {
    return "file://" + SmallCorpus.write(directory.resolve("corpus"));
  }

  private static String jars() throws IOException {
    try (Stream<Path> jars = Files.list(Path.of(System.getProperty("torch.jars")))) {
      return jars.map(Path::toString).collect(Collectors.joining(","));
    }
  }

  /** Options of workers on machines with GPUs of these numbers. */
  private String[] announcing(int... gpus) throws IOException {
    Path bin = Files.createDirectories(directory.resolve("bin"));
    String numbers =
        Arrays.stream(gpus).mapToObj(String::valueOf).collect(Collectors.joining("\\n"));
    script(bin.resolve("nvidia-smi"), "printf '" + numbers + "\\n'");
    Path discovery =
        script(
            directory.resolve("discovery.sh"),
            "PATH=%s:$PATH exec %s/submit/gpu-discovery.sh".formatted(bin, ROOT));
    Path properties =
        Files.writeString(
            directory.resolve("worker.conf"),
            """
            spark.worker.resource.gpu.amount %s
            spark.worker.resource.gpu.discoveryScript %s
            """
                .formatted(gpus.length, discovery));
    return new String[] {"--properties-file", properties.toString()};
  }

  private static Path script(Path file, String line) throws IOException {
    Files.writeString(file, "#!/bin/sh\n" + line + "\n");
    return Files.setPosixFilePermissions(file, PosixFilePermissions.fromString("rwxr-xr-x"));
  }
}
