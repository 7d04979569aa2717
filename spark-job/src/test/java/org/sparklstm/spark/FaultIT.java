package org.sparklstm.spark;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/**
 * What dies on the way does not change the model: executors and workers of a real standalone
 * cluster are killed with SIGKILL at random moments.
 */
@Timeout(value = 5, unit = TimeUnit.MINUTES)
class FaultIT {
  private static final List<String> SETTINGS = new ArrayList<>(SmallCorpus.SETTINGS);

  static {
    SETTINGS.addAll(List.of("--set", "train.epochs=10", "--set", "cluster.workers=2"));
  }

  @TempDir static Path directory;
  private static Path corpus;

  @BeforeAll
  static void train() throws Exception {
    corpus = SmallCorpus.write(directory.resolve("corpus"));
    try (SparkProcess job = submit("local[2]", "undisturbed")) {
      assertThat(job.exitCode()).describedAs("exit code; it printed%n%s", job.errors()).isZero();
    }
  }

  @Test
  void anExecutorKilledTwiceInARow() throws Exception {
    Random random = random();
    try (SparkCluster cluster = new SparkCluster(Files.createDirectory(directory.resolve("a")), 2);
        SparkProcess job = submit(cluster.master(), "executors")) {
      awaitCheckpoint("executors", job);
      for (int kill = 0; kill < 2; kill++) {
        assertThat(job.endedWithin(random.nextInt(1500))).isFalse();
        cluster.workers().get(random.nextInt(2)).killChild();
      }
      assertSameModel(job, "executors");
    }
  }

  @Test
  void aWorkerKilledWithItsExecutorAndANewOneThatJoins() throws Exception {
    Random random = random();
    try (SparkCluster cluster = new SparkCluster(Files.createDirectory(directory.resolve("b")), 2);
        SparkProcess job = submit(cluster.master(), "workers")) {
      awaitCheckpoint("workers", job);
      assertThat(job.endedWithin(random.nextInt(1500))).isFalse();
      SparkProcess worker = cluster.workers().get(random.nextInt(2));
      worker.killChild();
      worker.kill();
      cluster.addWorker();
      assertSameModel(job, "workers");
    }
  }

  private static Random random() {
    long seed = new Random().nextLong();
    System.out.println("seed " + seed);
    return new Random(seed);
  }

  private static SparkProcess submit(String master, String run) {
    List<String> arguments = new ArrayList<>(SETTINGS);
    arguments.addAll(List.of("--data-path", corpus.toString()));
    arguments.addAll(List.of("--save-path", directory.resolve(run).toString()));
    return SparkProcess.submit(
        directory.resolve(run + "-log"), master, arguments.toArray(String[]::new));
  }

  /** Waits until training has begun. */
  private static void awaitCheckpoint(String run, SparkProcess job) throws InterruptedException {
    Path checkpoints = directory.resolve(run).resolve("checkpoints");
    while (!Files.exists(checkpoints) && !job.endedWithin(5)) {
      // not yet
    }
  }

  private static void assertSameModel(SparkProcess job, String run) throws Exception {
    assertThat(job.exitCode()).describedAs("exit code; it printed%n%s", job.errors()).isZero();
    for (String file : List.of("model.safetensors", "dl4j.zip", "vocabulary.txt", "config.conf")) {
      assertThat(model(run, file)).hasSameBinaryContentAs(model("undisturbed", file));
    }
  }

  private static Path model(String run, String file) throws IOException {
    return directory.resolve(run).resolve("model").resolve(file);
  }
}
