package org.sparklstm.testing;

import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.jar.JarEntry;
import java.util.jar.JarOutputStream;
import org.apache.spark.SparkConf;
import org.apache.spark.TaskContext;
import org.apache.spark.api.plugin.DriverPlugin;
import org.apache.spark.api.plugin.ExecutorPlugin;
import org.apache.spark.api.plugin.PluginContext;
import org.apache.spark.api.plugin.SparkPlugin;
import org.apache.spark.util.TaskCompletionListener;

/** A Spark plugin that lets the tasks of one round fail at their end. */
public final class FailingTasks implements SparkPlugin {
  public static final String MESSAGE = "injected failure";
  private static final String ROUND = "spark.failing.round";
  private static final String ATTEMPTS = "spark.failing.attempts";

  /**
   * The options of spark-submit that let tasks fail.
   *
   * @param jar is written
   * @param round the description that its job begins with
   * @param attempts of each task that fail
   */
  public static List<String> options(Path jar, String round, int attempts) throws IOException {
    write(jar);
    return List.of(
        "--jars",
        jar.toString(),
        "--conf",
        "spark.plugins=" + FailingTasks.class.getName(),
        "--conf",
        ROUND + "=" + round,
        "--conf",
        ATTEMPTS + "=" + attempts);
  }

  private static void write(Path jar) throws IOException {
    try (JarOutputStream out = new JarOutputStream(Files.newOutputStream(jar))) {
      for (Class<?> type : List.of(FailingTasks.class, Failing.class)) {
        String name = type.getName().replace('.', '/') + ".class";
        out.putNextEntry(new JarEntry(name));
        try (InputStream in = type.getClassLoader().getResourceAsStream(name)) {
          in.transferTo(out);
        }
      }
    }
  }

  @Override
  public DriverPlugin driverPlugin() {
    return null;
  }

  @Override
  public ExecutorPlugin executorPlugin() {
    return new Failing();
  }

  private static final class Failing implements ExecutorPlugin {
    private String round;
    private int attempts;

    @Override
    public void init(PluginContext context, Map<String, String> extra) {
      SparkConf conf = context.conf();
      round = conf.get(ROUND);
      attempts = conf.getInt(ATTEMPTS, 0);
    }

    @Override
    public void onTaskStart() {
      TaskContext task = TaskContext.get();
      String job = task.getLocalProperty("spark.job.description");
      if (job != null && job.startsWith(round) && task.attemptNumber() < attempts) {
        task.addTaskCompletionListener(
            (TaskCompletionListener)
                ended -> {
                  throw new IllegalStateException(MESSAGE);
                });
      }
    }
  }
}
