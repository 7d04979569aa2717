package org.sparklstm.spark;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.File;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.concurrent.TimeUnit;
import java.util.stream.LongStream;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * What dies on the way does not change the model: executors and workers of a real standalone
 * cluster are killed with SIGKILL at random moments.
 */
@Timeout(value = 10, unit = TimeUnit.MINUTES)
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

  /**
   * Of the random moments: one of each kind, more with {@code -Pfaults}, or {@code faults.seed}.
   */
  static LongStream seeds() {
    String seed = System.getProperty("faults.seed", "");
    return seed.isEmpty()
        ? new Random().longs(Integer.getInteger("faults.repetitions", 1))
        : LongStream.of(Long.parseLong(seed));
  }

  private static Random random(long seed) {
    System.out.println("seed " + seed + ": repeat with -Dfaults.seed=" + seed);
    return new Random(seed);
  }

  /** However the workers come together. */
  @ParameterizedTest
  @MethodSource("seeds")
  void anExecutorKilledTwiceInARow(long seed) throws Exception {
    Random random = random(seed);
    String run = "executors" + seed;
    String combine = List.of("driver", "tree", "sharded").get(random.nextInt(3));
    try (SparkCluster cluster = cluster(run, 2);
        SparkProcess job = submit(cluster.master(), run, "--set", "averaging.combine=" + combine)) {
      awaitCheckpoint(run, job);
      for (int kill = 0; kill < 2; kill++) {
        assertRunsOn(job, random.nextInt(1500));
        cluster.workers().get(random.nextInt(2)).killChild();
      }
      assertSameModel(job, run);
    }
  }

  @ParameterizedTest
  @MethodSource("seeds")
  void aWorkerKilledWithItsExecutorAndANewOneThatJoins(long seed) throws Exception {
    Random random = random(seed);
    String run = "workers" + seed;
    try (SparkCluster cluster = cluster(run, 2);
        SparkProcess job = submit(cluster.master(), run)) {
      awaitCheckpoint(run, job);
      assertRunsOn(job, random.nextInt(1500));
      SparkProcess worker = cluster.workers().get(random.nextInt(2));
      worker.killChild();
      worker.kill();
      cluster.addWorker();
      assertSameModel(job, run);
    }
  }

  /** Checkpoints are written after every second round, so some kills come during a write. */
  @ParameterizedTest
  @MethodSource("seeds")
  void theDriverKilledTwiceAndResumed(long seed) throws Exception {
    Random random = random(seed);
    String run = "drivers" + seed;
    try (SparkProcess job = submit("local[2]", run)) {
      awaitCheckpoint(run, job);
      job.endedWithin(random.nextInt(2000));
      job.kill();
    }
    try (SparkProcess job = submit("local[2]", run, "--resume")) {
      while (!job.errors().contains("Resuming from") && !job.endedWithin(50)) {
        // it still prepares the data
      }
      job.endedWithin(random.nextInt(2000));
      job.kill();
    }
    try (SparkProcess job = submit("local[2]", run, "--resume")) {
      assertSameModel(job, run);
      assertThat(job.errors()).contains("Resuming from");
    }
  }

  @Test
  void aClusterWithoutAWorkerIsNotWaitedForWithoutALimit() throws Exception {
    try (SparkCluster cluster = cluster("empty", 0);
        SparkProcess job =
            submit(cluster.master(), "empty", "--set", "cluster.round-timeout=5 seconds")) {
      assertThat(job.exitCode()).isEqualTo(1);
      assertThat(job.errors())
          .contains("No task has started or ended for 5 seconds")
          .contains("no executor has taken a task");
    }
  }

  private static void assertRunsOn(SparkProcess job, int millis) throws InterruptedException {
    assertThat(job.endedWithin(millis))
        .describedAs("ended before the kill; it printed%n%s", job.errors())
        .isFalse();
  }

  private static SparkCluster cluster(String run, int workers) throws IOException {
    return new SparkCluster(Files.createDirectory(directory.resolve(run + "-cluster")), workers);
  }

  private static SparkProcess submit(String master, String run, String... more) {
    List<String> arguments = new ArrayList<>(SETTINGS);
    arguments.addAll(List.of("--data-path", corpus.toString()));
    arguments.addAll(List.of("--save-path", directory.resolve(run).toString()));
    arguments.addAll(List.of(more));
    return SparkProcess.submit(
        directory.resolve(run + "-log"), master, arguments.toArray(String[]::new));
  }

  /** Waits until training has begun. */
  private static void awaitCheckpoint(String run, SparkProcess job) throws InterruptedException {
    File checkpoints = directory.resolve(run).resolve("checkpoints").toFile();
    String[] whole = null;
    while ((whole == null || whole.length == 0) && !job.endedWithin(5)) {
      whole = checkpoints.list((parent, name) -> name.endsWith(".safetensors"));
    }
  }

  private static void assertSameModel(SparkProcess job, String run) throws Exception {
    assertThat(job.exitCode()).describedAs("exit code; it printed%n%s", job.errors()).isZero();
    for (String file : List.of("model.safetensors", "dl4j.zip", "vocabulary.txt")) {
      assertThat(model(run, file)).hasSameBinaryContentAs(model("undisturbed", file));
    }
  }

  private static Path model(String run, String file) throws IOException {
    return directory.resolve(run).resolve("model").resolve(file);
  }
}
