package org.sparklstm.it;

import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;

/** A standalone cluster of real processes: a master, and workers. */
final class SparkCluster implements AutoCloseable {
  private final Path directory;
  private final String master;
  private final int cores;
  private final List<String> options;
  private final List<SparkProcess> processes = new ArrayList<>();

  /**
   * Starts one whose workers have a core each.
   *
   * @param directory for logs and the workers' files
   * @param options of the master and of each worker
   */
  SparkCluster(Path directory, int workers, String... options) throws IOException {
    this(directory, workers, 1, options);
  }

  /**
   * Starts one.
   *
   * @param directory for logs and the workers' files
   * @param cores of each worker
   * @param options of the master and of each worker
   */
  SparkCluster(Path directory, int workers, int cores, String... options) throws IOException {
    this.directory = directory;
    this.cores = cores;
    this.options = List.of(options);
    int port = freePort();
    this.master = "spark://127.0.0.1:" + port;
    start(
        "master",
        "org.apache.spark.deploy.master.Master",
        "--host",
        "127.0.0.1",
        "--port",
        "" + port,
        "--webui-port",
        "0");
    for (int worker = 0; worker < workers; worker++) {
      addWorker();
    }
  }

  String master() {
    return master;
  }

  /** Starts another worker. */
  void addWorker() {
    String name = "worker" + processes.size();
    start(
        name,
        "org.apache.spark.deploy.worker.Worker",
        "--host",
        "127.0.0.1",
        "--webui-port",
        "0",
        "--cores",
        "" + cores,
        "--memory",
        "600m",
        "--work-dir",
        directory.resolve(name + "-work").toString(),
        master);
  }

  private void start(String name, String... arguments) {
    List<String> all = new ArrayList<>(List.of(arguments));
    all.addAll(1, options);
    processes.add(SparkProcess.start(directory.resolve(name), all.toArray(String[]::new)));
  }

  /**
   * Any worker that has an executor now: with dynamic allocation, Spark may do with one executor
   * after another died. Awaited for at most a minute.
   */
  SparkProcess workerWithAnExecutor(Chance chance) throws Exception {
    SparkProcess master = processes.get(0);
    List<SparkProcess> workers = processes.subList(1, processes.size());
    List<SparkProcess> found = new ArrayList<>();
    master.await(
        "an executor",
        Duration.ofMinutes(1),
        () -> found.addAll(workers.stream().filter(SparkProcess::hasExecutor).toList()));
    return chance.oneOf(found);
  }

  private static int freePort() throws IOException {
    try (ServerSocket socket = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
      return socket.getLocalPort();
    }
  }

  @Override
  public void close() {
    processes.forEach(SparkProcess::close);
  }
}
