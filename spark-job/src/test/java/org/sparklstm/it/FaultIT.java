package org.sparklstm.it;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.File;
import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import java.util.stream.Collectors;
import java.util.stream.LongStream;
import org.apache.hadoop.conf.Configuration;
import org.apache.hadoop.fs.FileSystem;
import org.apache.hadoop.hdfs.DistributedFileSystem;
import org.apache.hadoop.hdfs.MiniDFSCluster;
import org.apache.hadoop.hdfs.protocol.HdfsConstants;
import org.apache.hadoop.hdfs.protocol.HdfsConstants.SafeModeAction;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.sparklstm.testing.FailingTasks;

/**
 * What dies on the way does not change the model: executors, workers and drivers of a real
 * standalone cluster are killed with SIGKILL at random moments.
 */
@Timeout(value = 10, unit = TimeUnit.MINUTES)
class FaultIT {
  private static final List<String> SETTINGS = new ArrayList<>(SmallCorpus.SETTINGS);

  static {
    SETTINGS.addAll(List.of("--set", "train.epochs=6", "--set", "cluster.workers=2"));
  }

  @TempDir static Path directory;
  private static Path corpus;

  @BeforeAll
  static void train() throws Exception {
    corpus = SmallCorpus.write(directory.resolve("corpus"));
    try (SparkProcess job = submit("local[2]", "undisturbed", List.of())) {
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

  /**
   * However the workers come together: an executor dies in the beginning, two more in a row, all
   * tasks of a round fail once, an executor freezes, a worker process dies with its executor and a
   * new one joins.
   */
  @ParameterizedTest
  @MethodSource("seeds")
  void whateverDiesOnACluster(long seed) throws Exception {
    Random random = random(seed);
    String run = "cluster" + seed;
    String combine = List.of("driver", "tree", "sharded").get(random.nextInt(3));
    boolean dynamic = random.nextBoolean();
    System.out.println("combine " + combine + ", dynamic allocation " + dynamic);
    List<String> options =
        new ArrayList<>(
            FailingTasks.options(directory.resolve(run + ".jar"), "epoch 2 round 3 of", 1));
    for (String conf :
        List.of(
            "spark.network.timeout=8s",
            "spark.network.timeoutInterval=2s",
            "spark.executor.heartbeatInterval=1s",
            "spark.speculation=true",
            "spark.speculation.multiplier=1.1",
            "spark.speculation.interval=50ms",
            "spark.dynamicAllocation.enabled=" + dynamic,
            "spark.dynamicAllocation.shuffleTracking.enabled=true")) {
      options.addAll(List.of("--conf", conf));
    }
    try (SparkCluster cluster = cluster(run, 2);
        SparkProcess job =
            submit(cluster.master(), run, options, "--set", "averaging.combine=" + combine)) {
      cluster.workerWithAnExecutor(random);
      assertRunsOn(job, random.nextInt(10_000));
      cluster.workerWithAnExecutor(random).killExecutor(); // reads, or has the first tasks
      awaitCheckpoint(run, job);
      for (int kill = 0; kill < 2; kill++) {
        assertRunsOn(job, random.nextInt(1000));
        cluster.workerWithAnExecutor(random).killExecutor();
      }
      assertRunsOn(job, random.nextInt(1000));
      cluster.workerWithAnExecutor(random).freezeExecutor();
      assertRunsOn(job, random.nextInt(1000));
      cluster.workerWithAnExecutor(random).kill();
      cluster.addWorker();
      assertSameModel(job, run);
      assertThat(job.errors()).contains(FailingTasks.MESSAGE);
    }
  }

  /**
   * Checkpoints are written after every second round, so some kills come during a write. After two
   * of them, a task that always fails.
   */
  @ParameterizedTest
  @MethodSource("seeds")
  void theDriverKilledTwiceAndATaskThatAlwaysFails(long seed) throws Exception {
    Random random = random(seed);
    String run = "drivers" + seed;
    try (SparkProcess job = submit("local[2]", run, List.of())) {
      awaitCheckpoint(run, job);
      job.endedWithin(random.nextInt(2000));
      job.kill();
    }
    try (SparkProcess job = submit("local[2]", run, List.of(), "--resume")) {
      while (!job.errors().contains("Resuming from") && !job.endedWithin(50)) {
        // it still prepares the data
      }
      job.endedWithin(random.nextInt(2000));
      job.kill();
    }
    List<String> failing =
        FailingTasks.options(directory.resolve(run + ".jar"), "epoch 6 round 5 of", 9);
    try (SparkProcess job = submit("local[2,2]", run, failing, "--resume")) {
      assertThat(job.exitCode()).isEqualTo(1);
      assertThat(job.errors())
          .contains("A task failed: ")
          .contains(FailingTasks.MESSAGE)
          .doesNotContain("Training failed");
    }
    try (SparkProcess job = submit("local[2]", run, List.of(), "--resume")) {
      assertSameModel(job, run);
      assertThat(job.errors()).contains("Resuming from").contains("epoch-000005-round-000000004");
    }
  }

  /**
   * A save path on HDFS that is full or read-only, by seed; then one of two datanodes dies at a
   * random moment of reading or training.
   */
  @ParameterizedTest
  @MethodSource("seeds")
  void hdfsThatTakesNoMoreAndThenLosesADatanode(long seed) throws Exception {
    Random random = random(seed);
    boolean full = random.nextBoolean();
    String run = "hdfs" + seed;
    Path files = Files.createDirectory(directory.resolve(run + "-files"));
    try (MiniDFSCluster hdfs =
            new MiniDFSCluster.Builder(new Configuration(), files.resolve("first").toFile())
                .build();
        SparkProcess datanode = datanode(hdfs.getURI(), files.resolve("second"));
        DistributedFileSystem fs = new DistributedFileSystem()) {
      Configuration conf = new Configuration();
      conf.setInt("dfs.replication", 2); // the cluster's is the number of its own datanodes
      fs.initialize(hdfs.getURI(), conf);
      while (fs.getDataNodeStats().length < 2 && !datanode.endedWithin(50)) {
        // it registers
      }
      fs.copyFromLocalFile(path(corpus), path(Path.of("/corpus")));
      List<String> settings = new ArrayList<>(SETTINGS);
      settings.addAll(List.of("--data-path", hdfs.getURI() + "/corpus"));
      settings.addAll(List.of("--save-path", hdfs.getURI() + "/" + run, "--resume"));
      org.apache.hadoop.fs.Path saved = path(Path.of("/" + run));
      org.apache.hadoop.fs.Path checkpoints = new org.apache.hadoop.fs.Path(saved, "checkpoints");
      String[] arguments = settings.toArray(String[]::new);

      try (SparkProcess job =
          SparkProcess.submit(files.resolve("stopped"), "local[2]", arguments)) {
        while (!fs.exists(checkpoints) && !job.endedWithin(5)) {
          // it prepares the data
        }
        assertRunsOn(job, 500);
        if (full) {
          fs.setQuota(saved, HdfsConstants.QUOTA_DONT_SET, 1);
        } else {
          fs.setSafeMode(SafeModeAction.SAFEMODE_ENTER);
        }
        assertThat(job.exitCode()).isEqualTo(1);
        assertThat(job.errors())
            .contains("Cannot save to " + hdfs.getURI() + "/" + run + ": ")
            .contains(full ? "quota" : "safe mode")
            .doesNotContain("Training failed");
      }
      fs.setSafeMode(SafeModeAction.SAFEMODE_LEAVE);
      fs.setQuota(saved, HdfsConstants.QUOTA_DONT_SET, HdfsConstants.QUOTA_RESET);
      try (SparkProcess job = SparkProcess.submit(files.resolve("job"), "local[2]", arguments)) {
        if (random.nextBoolean()) { // metrics.jsonl is open
          Set<String> before = names(fs, checkpoints);
          while (names(fs, checkpoints).equals(before) && !job.endedWithin(5)) {
            // it prepares the data
          }
        }
        assertRunsOn(job, random.nextInt(3_000));
        datanode.kill();
        assertThat(job.exitCode()).describedAs("exit code; it printed%n%s", job.errors()).isZero();
      }
      fs.copyToLocalFile(saved, path(directory.resolve(run)));
      assertSame(run);
    }
  }

  private static Set<String> names(FileSystem fs, org.apache.hadoop.fs.Path directory)
      throws IOException {
    return Arrays.stream(fs.listStatus(directory))
        .map(file -> file.getPath().getName())
        .filter(name -> name.endsWith(".safetensors"))
        .collect(Collectors.toSet());
  }

  private static SparkProcess datanode(URI hdfs, Path directory) {
    List<String> arguments = new ArrayList<>();
    arguments.add("org.apache.hadoop.hdfs.server.datanode.DataNode");
    for (String property :
        List.of(
            "fs.defaultFS=" + hdfs,
            "dfs.datanode.data.dir=" + directory,
            "dfs.datanode.address=127.0.0.1:0",
            "dfs.datanode.http.address=127.0.0.1:0",
            "dfs.datanode.ipc.address=127.0.0.1:0")) {
      arguments.addAll(List.of("-D", property));
    }
    return SparkProcess.java(
        directory, System.getProperty("java.class.path"), arguments.toArray(String[]::new));
  }

  private static org.apache.hadoop.fs.Path path(Path path) {
    return new org.apache.hadoop.fs.Path(path.toString());
  }

  @Test
  void aClusterWithoutAWorkerIsNotWaitedForWithoutALimit() throws Exception {
    List<String> options =
        List.of("--conf", "spark.scheduler.maxRegisteredResourcesWaitingTime=1s");
    try (SparkCluster cluster = cluster("empty", 0);
        SparkProcess job =
            submit(
                cluster.master(), "empty", options, "--set", "cluster.round-timeout=20 seconds")) {
      assertThat(job.exitCode()).isEqualTo(1);
      assertThat(job.errors())
          .contains("No task has started or ended for 20 seconds")
          .contains("no executor has taken a task");
    }
  }

  @Test
  void aClusterThatDoesNotAnswerIsNotWaitedForWithoutALimit() throws Exception {
    try (ServerSocket silent = new ServerSocket(0, 50, InetAddress.getLoopbackAddress())) {
      String master = "spark://127.0.0.1:" + silent.getLocalPort();
      try (SparkProcess job =
          submit(master, "silent", List.of(), "--set", "cluster.round-timeout=4 seconds")) {
        assertThat(job.exitCode()).isEqualTo(1);
        assertThat(job.errors())
            .contains("Spark has not started on " + master + " within 4 seconds");
      }
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

  private static SparkProcess submit(
      String master, String run, List<String> options, String... more) {
    List<String> arguments = new ArrayList<>(SETTINGS);
    arguments.addAll(List.of("--data-path", corpus.toString()));
    arguments.addAll(List.of("--save-path", directory.resolve(run).toString()));
    arguments.addAll(List.of(more));
    return SparkProcess.submit(
        directory.resolve(run + "-log"), master, options, arguments.toArray(String[]::new));
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
    assertSame(run);
  }

  private static void assertSame(String run) throws IOException {
    for (String file : List.of("model.safetensors", "dl4j.zip", "vocabulary.txt")) {
      assertThat(model(run, file)).hasSameBinaryContentAs(model("undisturbed", file));
    }
  }

  private static Path model(String run, String file) throws IOException {
    return directory.resolve(run).resolve("model").resolve(file);
  }
}
