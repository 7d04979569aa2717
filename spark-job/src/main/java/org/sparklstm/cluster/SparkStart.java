package org.sparklstm.cluster;

import java.time.Duration;
import java.util.Arrays;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.FutureTask;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import org.apache.spark.SparkConf;
import org.apache.spark.SparkContext$;
import org.apache.spark.serializer.JavaSerializer;
import org.apache.spark.sql.SparkSession;
import org.sparklstm.config.Settings;
import org.sparklstm.error.ConfigurationException;
import org.sparklstm.error.InputException;
import org.sparklstm.error.TrainingException;

/** Starts Spark with what training needs, within a limit of time. */
public final class SparkStart {
  private static final String PLUGINS = "spark.plugins";

  /** The variable of the scripts for YARN and Kubernetes. */
  private static final String INSTANCES = "SPARK_EXECUTOR_INSTANCES";

  /** Executors that run out of memory end themselves and are replaced, but a local JVM must not. */
  private static final String KILL = "spark.executor.killOnFatalError.depth";

  private SparkStart() {}

  /**
   * Starts Spark.
   *
   * @throws ConfigurationException if a setting of Spark's cannot be used
   * @throws TrainingException if Spark does not start within {@code cluster.round-timeout}
   */
  public static SparkSession start(Settings settings) throws InterruptedException {
    return start(sparkConf(settings, new SparkConf()), settings.cluster().roundTimeout());
  }

  /**
   * Starts Spark for a program that uses a trained model.
   *
   * @param name of the program
   * @throws TrainingException if Spark does not start within {@code limit}
   */
  public static SparkSession start(String name, Duration limit) throws InterruptedException {
    SparkConf conf = new SparkConf();
    conf.setIfMissing("spark.master", "local[*]");
    conf.setIfMissing("spark.app.name", name);
    // A model computes long on little text: small tasks keep all cores busy to the end.
    conf.setIfMissing("spark.sql.files.maxPartitionBytes", "16m");
    conf.setIfMissing("spark.sql.files.openCostInBytes", "64k");
    if (conf.get("spark.master").startsWith("local")) {
      conf.setIfMissing(KILL, "0");
    }
    askForExecutors(conf, System.getenv(INSTANCES));
    return start(conf, limit);
  }

  /** Starts Spark in a thread of its own, because YARN's queue is waited for without a limit. */
  private static SparkSession start(SparkConf conf, Duration limit) throws InterruptedException {
    FutureTask<SparkSession> session =
        new FutureTask<>(() -> SparkSession.builder().config(conf).getOrCreate());
    Thread starter = new Thread(session, "start-spark");
    starter.setDaemon(true);
    starter.start();
    try {
      SparkSession started = session.get(limit.toNanos(), TimeUnit.NANOSECONDS);
      SparkSession.setActiveSession(started); // is a thread's
      return started;
    } catch (ExecutionException e) {
      throw new TrainingException(
          "Cannot start Spark: " + InputException.firstLine(e.getCause()), e.getCause());
    } catch (TimeoutException e) {
      session.cancel(true);
      throw new TrainingException(
          "Spark has not started on %s within %s seconds, the limit that cluster.round-timeout sets"
              .formatted(conf.get("spark.master"), limit.toSeconds()),
          e);
    }
  }

  /**
   * The settings of Spark that we add unless the user has set them.
   *
   * @throws ConfigurationException if the user's is no number where it must be one, or leaves a
   *     worker too few cores
   */
  static SparkConf sparkConf(Settings settings, SparkConf conf) {
    try {
      return withDefaults(conf, settings);
    } catch (NumberFormatException e) {
      throw new ConfigurationException(InputException.firstLine(e));
    }
  }

  private static SparkConf withDefaults(SparkConf conf, Settings settings) {
    conf.setIfMissing("spark.master", "local[*]");
    conf.setIfMissing("spark.app.name", "PtbTrain");
    askForExecutors(conf, System.getenv(INSTANCES));
    // A worker that waits for its own executor while another is idle holds up the whole round.
    conf.setIfMissing("spark.locality.wait", "0s");
    // Our queries are short and have no joins: planning them anew takes longer than it saves.
    conf.setIfMissing("spark.sql.adaptive.enabled", "false");
    // A worker's threads are cores that no other task gets.
    int threads = settings.engine().threads();
    conf.setIfMissing("spark.task.cpus", Integer.toString(threads));
    requireCores(conf, "spark.task.cpus", threads);
    requireCores(conf, "spark.executor.cores", threads);
    String master = conf.get("spark.master");
    int cores = SparkContext$.MODULE$.numDriverCores(master); // 0 if they are others'
    if (cores > 0 && cores < threads) {
      throw new ConfigurationException(
          "engine.threads %s needs as many cores for each task: %s has %s"
              .formatted(threads, master, cores));
    }
    if (cores > 0) {
      conf.setIfMissing(KILL, "0");
    } else { // each block of a broadcast costs an executor several messages
      conf.setIfMissing("spark.broadcast.blockSize", "32m");
    }
    if (conf.contains("spark.executor.resource.gpu.amount")) {
      conf.setIfMissing("spark.task.resource.gpu.amount", "1");
      // CUDA counts GPUs as nvidia-smi does, and cuBLAS computes the same bytes each time.
      conf.setIfMissing("spark.executorEnv.CUDA_DEVICE_ORDER", "PCI_BUS_ID");
      conf.setIfMissing("spark.executorEnv.CUBLAS_WORKSPACE_CONFIG", ":4096:8");
    }
    ExecutorMemory.ask(conf, settings);
    addPlugin(conf);
    conf.set("spark.serializer", JavaSerializer.class.getName()); // Kryo cannot write records
    // Parameters do not compress, and results go back without a stop on the way.
    conf.setIfMissing("spark.broadcast.compress", "false");
    conf.setIfMissing("spark.task.maxDirectResultSize", "64m");
    // What the driver may take at once follows from its heap, see averaging.combine.
    conf.setIfMissing("spark.driver.maxResultSize", "0");
    // metrics.jsonl is open all the time: HDFS with three datanodes may lose one.
    conf.setIfMissing(
        "spark.hadoop.dfs.client.block.write.replace-datanode-on-failure.best-effort", "true");
    return conf;
  }

  /**
   * Asks YARN or Kubernetes for as many executors as our scripts say where the user does not: Spark
   * reads no such variable any more.
   *
   * @param instances value of the variable; null: it is not set
   */
  static void askForExecutors(SparkConf conf, String instances) {
    if (instances != null) {
      conf.setIfMissing("spark.executor.instances", instances);
    }
  }

  /** Adds our plugin to the user's. An empty list says that there are to be none. */
  private static void addPlugin(SparkConf conf) {
    String ours = TrainingMetrics.class.getName();
    String users = conf.get(PLUGINS, ours);
    boolean hasOurs = Arrays.stream(users.split(",", -1)).map(String::trim).anyMatch(ours::equals);
    conf.set(PLUGINS, users.isBlank() || hasOurs ? users : users + "," + ours);
  }

  private static void requireCores(SparkConf conf, String key, int threads) {
    if (conf.contains(key) && conf.getInt(key, 0) < threads) {
      throw new ConfigurationException(
          "engine.threads %s needs as many cores for each task: %s is %s"
              .formatted(threads, key, conf.get(key)));
    }
  }
}
