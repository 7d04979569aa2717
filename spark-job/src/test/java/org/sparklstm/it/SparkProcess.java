package org.sparklstm.it;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.fail;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;

/**
 * A JVM of the laid-out Spark runtime: a master, a worker, or an application submitted as a user
 * does, one who keeps files from others (umask 027).
 */
final class SparkProcess implements AutoCloseable {
  private static final String RUNTIME = System.getProperty("spark.runtime");
  private static final String JVM_OPTIONS = System.getProperty("jvm-options", "");
  private static final long LIMIT_SECONDS = 540;

  private final Process process;
  private final Path out;
  private final Path err;

  private SparkProcess(Path log, String classPath, List<String> arguments) {
    out = log.resolveSibling(log.getFileName() + ".out");
    err = log.resolveSibling(log.getFileName() + ".err");
    List<String> command = new ArrayList<>();
    command.addAll(List.of("sh", "-c", "umask 027 && exec \"$@\"", "sh"));
    command.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
    String options = JVM_OPTIONS + " -Xmx1g " + System.getProperty("spark.module-options");
    command.addAll(List.of(options.trim().split("\\s+")));
    command.addAll(List.of("-cp", classPath));
    command.addAll(arguments);
    ProcessBuilder builder =
        new ProcessBuilder(command)
            .redirectOutput(ProcessBuilder.Redirect.appendTo(out.toFile()))
            .redirectError(ProcessBuilder.Redirect.appendTo(err.toFile()));
    builder.environment().put("SPARK_HOME", RUNTIME);
    builder.environment().put("SPARK_SCALA_VERSION", "2.12");
    builder.environment().put("SPARK_LOCAL_IP", "127.0.0.1");
    try {
      process = builder.start();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /** A class of the runtime. */
  static SparkProcess start(Path log, String... arguments) {
    return java(log, RUNTIME + "/jars/*", arguments);
  }

  /** Any class. */
  static SparkProcess java(Path log, String classPath, String... arguments) {
    return new SparkProcess(log, classPath, List.of(arguments));
  }

  /** Submits the jar's PtbTrain. */
  static SparkProcess submit(Path log, String master, String... arguments) {
    return submit(log, master, List.of(), arguments);
  }

  /**
   * Submits the jar's PtbTrain.
   *
   * @param more options of spark-submit
   */
  static SparkProcess submit(Path log, String master, List<String> more, String... arguments) {
    List<String> command = new ArrayList<>();
    command.addAll(List.of("org.apache.spark.deploy.SparkSubmit", "--master", master));
    command.addAll(List.of("--class", "PtbTrain", "--conf", "spark.ui.enabled=false"));
    command.addAll(List.of("--conf", "spark.sql.shuffle.partitions=4")); // the corpus is tiny
    command.addAll(List.of("--conf", "spark.executorEnv.SPARK_SCALA_VERSION=2.12"));
    command.addAll(List.of("--conf", "spark.executor.extraJavaOptions=" + JVM_OPTIONS));
    command.addAll(List.of("--total-executor-cores", "2"));
    command.addAll(List.of("--conf", "spark.scheduler.minRegisteredResourcesRatio=1.0"));
    command.addAll(List.of("--executor-memory", "600m", "--executor-cores", "1"));
    command.addAll(more);
    command.add(System.getProperty("app.jar"));
    command.addAll(List.of(arguments));
    return start(log, command.toArray(String[]::new));
  }

  /** Waits for the end of the process, at most nine minutes. */
  int exitCode() throws InterruptedException {
    assertThat(process.waitFor(LIMIT_SECONDS, TimeUnit.SECONDS))
        .describedAs("ended in time; it printed%n%s", errors())
        .isTrue();
    return process.exitValue();
  }

  /** Whether the process ended within a moment. */
  boolean endedWithin(long millis) throws InterruptedException {
    return process.waitFor(millis, TimeUnit.MILLISECONDS);
  }

  /**
   * Waits until something has come, and looks for it a hundred times a second. Fails with what this
   * process printed if the process ends first, or the limit is over.
   */
  void await(String what, Duration limit, Callable<Boolean> hasCome) throws Exception {
    long start = System.nanoTime();
    while (!hasCome.call()) {
      if (endedWithin(10)) {
        fail("ended before %s; it printed%n%s", what, printed());
      }
      if (System.nanoTime() - start > limit.toNanos()) {
        fail("waited %s for %s; it printed%n%s", limit, what, printed());
      }
    }
  }

  /** Kills a worker with its executors, the frozen ones too, or any other process. */
  void kill() {
    executors().forEach(ProcessHandle::destroyForcibly);
    process.destroyForcibly().onExit().join();
  }

  /** Sends SIGTERM, as a queue does at its time limit and {@code docker stop}. */
  void terminate() {
    process.destroy();
  }

  /** Kills the newest executor of a worker. */
  void killExecutor() {
    ProcessHandle executor = executor();
    executor.destroyForcibly();
    executor.onExit().join();
  }

  /** Stops the newest executor of a worker, which stays there and does nothing any more. */
  void freezeExecutor() throws IOException, InterruptedException {
    Process stop = new ProcessBuilder("kill", "-STOP", "" + executor().pid()).inheritIO().start();
    assertThat(stop.waitFor()).isZero();
  }

  boolean hasExecutor() {
    return executors().findAny().isPresent();
  }

  /** Not any child: Hadoop starts a shell now and then, which is a copy of this JVM at first. */
  private Stream<ProcessHandle> executors() {
    return process
        .children()
        .filter(
            child ->
                child.info().commandLine().orElse("").contains("CoarseGrainedExecutorBackend"));
  }

  private ProcessHandle executor() {
    return executors().max(Comparator.comparing(ProcessHandle::pid)).orElseThrow();
  }

  List<String> output() {
    return lines(out);
  }

  String errors() {
    return String.join("\n", lines(err));
  }

  private String printed() {
    return String.join("\n", output()) + "\n" + errors();
  }

  private static List<String> lines(Path file) {
    try {
      return Files.readAllLines(file);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  @Override
  public void close() {
    kill();
  }
}
