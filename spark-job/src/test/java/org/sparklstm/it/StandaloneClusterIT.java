package org.sparklstm.it;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;
import org.apache.hadoop.conf.Configuration;
import org.apache.hadoop.fs.FileStatus;
import org.apache.hadoop.fs.FileSystem;
import org.apache.hadoop.hdfs.MiniDFSCluster;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * PtbTrain from the jar on a real master, two real worker processes and a real HDFS, where Spark's
 * processes authenticate each other and encrypt what they send and store.
 */
class StandaloneClusterIT {
  private static final String SECRET = "correct-horse-battery-staple";
  @TempDir Path directory;

  @Test
  void trainsFromHdfsToHdfsOnTwoWorkerProcessesWithASecretThatNobodyTells() throws Exception {
    Path properties =
        Files.writeString(
            directory.resolve("secure.conf"),
            """
            spark.authenticate true
            spark.authenticate.secret %s
            spark.network.crypto.enabled true
            spark.network.crypto.saslFallback false
            spark.io.encryption.enabled true
            """
                .formatted(SECRET));
    String[] secure = {"--properties-file", properties.toString()};
    try (MiniDFSCluster hdfs =
            new MiniDFSCluster.Builder(new Configuration(), directory.resolve("hdfs").toFile())
                .numDataNodes(1)
                .build();
        SparkCluster cluster = new SparkCluster(directory, 2, secure)) {
      FileSystem fs = hdfs.getFileSystem();
      String uri = hdfs.getURI().toString();
      fs.copyFromLocalFile(
          path(SmallCorpus.write(directory.resolve("corpus"))), path(Path.of("/corpus")));

      List<String> arguments = new ArrayList<>(SmallCorpus.SETTINGS);
      arguments.addAll(List.of("--data-path", uri + "/corpus", "--save-path", uri + "/runs/1"));
      arguments.addAll(List.of("--set", "averaging.combine=sharded")); // through shuffle files
      try (SparkProcess job =
          SparkProcess.submit(
              directory.resolve("job"),
              cluster.master(),
              List.of(secure),
              arguments.toArray(String[]::new))) {
        assertThat(job.exitCode()).describedAs("exit code; it printed%n%s", job.errors()).isZero();
        assertThat(job.output())
            .hasSize(7)
            .element(6)
            .asString()
            .matches("Test Perplexity: \\d+\\.\\d{3}");
        assertThat(job.errors()).contains("2 workers");
      }

      fs.copyToLocalFile(path(Path.of("/runs/1")), path(directory.resolve("saved")));
      assertThat(filesWith(SECRET)).containsExactly(properties);

      assertThat(names(fs, "/runs/1"))
          .containsExactlyInAnyOrder(
              "model", "metrics.jsonl", "tensorboard", "report.html", "checkpoints");
      assertThat(names(fs, "/runs/1/model"))
          .containsExactlyInAnyOrder(
              "model.safetensors",
              "dl4j.zip",
              "vocabulary.txt",
              "config.conf",
              "config.json",
              "README.md");
    }
  }

  /** Logs, what executors leave and what is saved. */
  private List<Path> filesWith(String text) throws IOException {
    List<Path> found = new ArrayList<>();
    try (Stream<Path> files = Files.walk(directory)) {
      for (Path file : files.filter(Files::isRegularFile).toList()) {
        if (!file.toString().endsWith(".jar")
            && new String(Files.readAllBytes(file), StandardCharsets.ISO_8859_1).contains(text)) {
          found.add(file);
        }
      }
    }
    return found;
  }

  private static List<String> names(FileSystem fs, String directory) throws IOException {
    List<String> names = new ArrayList<>();
    for (FileStatus child : fs.listStatus(path(Path.of(directory)))) {
      names.add(child.getPath().getName());
    }
    return names;
  }

  private static org.apache.hadoop.fs.Path path(Path path) {
    return new org.apache.hadoop.fs.Path(path.toString());
  }
}
