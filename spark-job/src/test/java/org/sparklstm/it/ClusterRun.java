package org.sparklstm.it;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.apache.hadoop.conf.Configuration;
import org.apache.hadoop.fs.FileSystem;

/** A run on a standalone cluster of its own, where Spark soon notices what dies. */
final class ClusterRun extends TrainingRun {
  private static final List<String> CONF =
      List.of(
          "spark.network.timeout=8s",
          "spark.network.timeoutInterval=2s",
          "spark.executor.heartbeatInterval=1s",
          "spark.speculation=true",
          "spark.speculation.multiplier=1.1",
          "spark.speculation.interval=50ms",
          "spark.dynamicAllocation.shuffleTracking.enabled=true");

  private final SparkCluster cluster;
  private final Chance chance;

  private ClusterRun(Path directory, Path corpus, SparkCluster cluster, Chance chance)
      throws IOException {
    super(
        directory,
        cluster.master(),
        corpus.toString(),
        directory.resolve("saved").toString(),
        FileSystem.getLocal(new Configuration()).getRaw());
    this.cluster = cluster;
    this.chance = chance;
    CONF.forEach(this::conf);
    conf("spark.dynamicAllocation.enabled=" + chance.dynamicAllocation());
    leaveTo(chance);
  }

  /** One on a cluster of two workers. */
  static ClusterRun start(Path directory, Path corpus, Chance chance) throws IOException {
    SparkCluster cluster = new SparkCluster(Files.createDirectory(directory.resolve("cluster")), 2);
    return new ClusterRun(directory, corpus, cluster, chance);
  }

  /** Awaits the first executor. */
  void hasAnExecutor() throws Exception {
    cluster.workerWithAnExecutor(chance);
  }

  /** An executor is killed; with dynamic allocation there may be only one. */
  void executorDiesAfter(int millis) throws Exception {
    runsFor(millis);
    cluster.workerWithAnExecutor(chance).killExecutor();
  }

  /** An executor stays there and does nothing any more. */
  void executorFreezesAfter(int millis) throws Exception {
    runsFor(millis);
    cluster.workerWithAnExecutor(chance).freezeExecutor();
  }

  /** A worker is killed together with its executors. */
  void workerDiesAfter(int millis) throws Exception {
    runsFor(millis);
    cluster.workerWithAnExecutor(chance).kill();
  }

  void workerJoins() {
    cluster.addWorker();
  }

  @Override
  public void close() throws IOException {
    try (cluster) {
      super.close();
    }
  }
}
