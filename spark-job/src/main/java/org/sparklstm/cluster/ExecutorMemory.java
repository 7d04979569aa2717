package org.sparklstm.cluster;

import com.sun.management.OperatingSystemMXBean;
import java.io.Serializable;
import java.lang.management.ManagementFactory;
import java.util.List;
import org.apache.spark.SparkConf;
import org.apache.spark.SparkContext;
import org.apache.spark.api.java.JavaRDD;
import org.apache.spark.network.util.JavaUtils;
import org.sparklstm.config.Scaling;
import org.sparklstm.config.Settings;
import org.sparklstm.engine.Engine;
import org.sparklstm.engine.EngineChoice;
import org.sparklstm.engine.Engines;
import org.sparklstm.engine.Sgd;
import org.sparklstm.error.ConfigurationException;
import org.sparklstm.model.LstmShape;
import org.sparklstm.train.Combine;
import org.sparklstm.train.TrainingPlan;
import org.sparklstm.train.WeightedMean;
import org.sparklstm.train.WorkerUpdate;

/**
 * The memory that training takes of an executor.
 *
 * @param heap bytes of the Java heap
 * @param total bytes of the machine or its container
 */
public record ExecutorMemory(long heap, long total) implements Serializable {
  private static final String OVERHEAD = "spark.executor.memoryOverhead";
  private static final long MEBIBYTE = 1 << 20;

  /** Spark's own in the heap, and what a JVM takes besides its heap. */
  private static final long SPARK = 300 * MEBIBYTE;

  private static final long JVM = 384 * MEBIBYTE;

  /**
   * What the tasks of an executor need.
   *
   * @param workers in all
   * @param tasks that run at a time
   */
  static ExecutorMemory needed(Settings settings, TrainingPlan plan, int workers, int tasks) {
    int shared = (settings.data().lanes() - 1) / workers + 1; // of the worker that has the most
    int lanes = settings.data().lanesPerWorker().orElse(shared);
    WorkerUpdate update = plan.averaging().update();
    // The broadcast as it came and unpacked; what each task holds to send its update.
    long copies = update.copiesToSend();
    if (plan.averaging().combine() == Combine.TREE) {
      // A group's updates as they came, and unpacked; their mean, and the same to send.
      int group = WeightedMean.groupSize(workers);
      copies = Math.max(copies, (long) update.copiesToReceive() * group + 3);
    }
    // Plus one spare copy: G1 does not compact arrays this large.
    long heap = SPARK + (3 + copies * tasks) * plan.trainedBytes();
    long replica = replica(plan, lanes, plan.windowLengths(settings.data().window()));
    return new ExecutorMemory(heap, heap + JVM + tasks * replica);
  }

  /** Bytes outside the Java heap of a replica; with {@code auto} of any engine that it may be. */
  private static long replica(TrainingPlan plan, int lanes, int[] lengths) {
    EngineChoice choice = plan.engine();
    long most = 0;
    for (Engine engine : choice.isAuto() ? Engines.all() : List.of(choice.engine())) {
      if (engine.refuses(plan.shape(), plan.regularisation(), choice).isEmpty()) {
        Engine.Memory memory =
            engine.memory(plan.shape(), plan.optimiser(), choice, lanes, lengths);
        most = Math.max(most, memory.host());
        if (memory.device() == 0) {
          break; // it needs no GPU, so it runs wherever those after it do
        }
      }
    }
    return most;
  }

  /** With so many more bytes of heap. */
  private ExecutorMemory plus(long bytes) {
    return new ExecutorMemory(heap + bytes, total + bytes);
  }

  /** This JVM's. */
  private static ExecutorMemory here() {
    return new ExecutorMemory(
        Runtime.getRuntime().maxMemory(),
        ManagementFactory.getPlatformMXBean(OperatingSystemMXBean.class).getTotalMemorySize());
  }

  /**
   * Asks the cluster manager for room besides the heap, unless the user has said how much; the
   * corpus is not read yet, so for as many words as the vocabulary may have.
   */
  static void ask(SparkConf conf, Settings wanted) {
    if (!hasContainers(conf) || conf.contains(OVERHEAD)) {
      return;
    }
    Settings settings = wanted.with("data.lanes-per-worker", Scaling.mostLanes(wanted));
    TrainingPlan largest;
    try {
      largest = plan(settings, settings.vocabulary().size());
    } catch (ConfigurationException e) { // a smaller text may have fewer words
      return;
    }
    int cores = conf.getInt("spark.executor.cores", 1);
    int tasks = Math.max(1, cores / conf.getInt("spark.task.cpus", 1));
    int workers = settings.cluster().workers().orElse(1);
    long overhead = needed(settings, largest, workers, tasks).overhead();
    conf.set(OVERHEAD, Math.max(overhead, usualOverhead(conf)) + "m");
  }

  /** Whether executors run in containers of a size that this program asks for. */
  private static boolean hasContainers(SparkConf conf) {
    String master = conf.get("spark.master");
    return !master.startsWith("local") && !master.startsWith("spark://");
  }

  /** A plan that needs as much: how often workers are averaged changes no memory. */
  private static TrainingPlan plan(Settings settings, int vocabularySize) {
    return settings.plan(vocabularySize, 1);
  }

  /** Mebibytes besides the heap. */
  private long overhead() {
    return (total - heap) / MEBIBYTE + 1;
  }

  /**
   * Looks at what containers have besides the heap.
   *
   * @throws ConfigurationException naming what they need, if that is more
   */
  static void requireOverhead(String what, ExecutorMemory needed, SparkConf conf) {
    if (!hasContainers(conf)) {
      return;
    }
    long has =
        conf.contains(OVERHEAD)
            ? JavaUtils.byteStringAsMb(conf.get(OVERHEAD))
            : Math.max(384, usualOverhead(conf));
    if (has < needed.overhead()) {
      throw new ConfigurationException(
          "Cannot %s: executors have %sm besides the heap, this model needs %sm; set %s"
              .formatted(what, has, needed.overhead(), OVERHEAD));
    }
  }

  /** Mebibytes that Spark would choose, but for its least number. */
  private static long usualOverhead(SparkConf conf) {
    double factor = conf.getDouble("spark.executor.memoryOverheadFactor", 0.1);
    return (long) (factor * executorMegabytes(conf));
  }

  private static long executorMegabytes(SparkConf conf) {
    return JavaUtils.byteStringAsMb(conf.get("spark.executor.memory", "1g"));
  }

  /**
   * Looks at the driver and at each executor.
   *
   * @param shards one partition a worker
   * @param text bytes of text that executors keep in their heaps, in all
   * @throws ConfigurationException naming the memory that is needed, if one of them has less
   */
  public static void require(
      SparkContext spark, Settings settings, int vocabularySize, JavaRDD<?> shards, long text) {
    TrainingPlan plan = plan(settings, vocabularySize);
    int workers = shards.getNumPartitions();
    int slots = slots(spark);
    int executors = spark.isLocal() ? 1 : Math.max(1, spark.getExecutorMemoryStatus().size() - 1);
    int tasks = Math.min((slots - 1) / executors + 1, workers);
    ExecutorMemory needed = needed(settings, plan, workers, tasks).plus(text); // of lost ones too
    long driver = driver(plan, workers);
    if (settings.train().keep() == Settings.Keep.BEST) {
      driver += (long) Float.BYTES * plan.shape().parameterCount();
    }
    if (spark.isLocal()) {
      needed = needed.plus(driver);
    } else {
      requireOverhead("train", needed, spark.getConf());
      driver = Math.max(driver, saving(plan));
      requireHeap("train", "the driver", here().heap(), SPARK + driver, "--driver-memory");
    }
    for (ExecutorMemory memory : shards.map(shard -> here()).collect()) {
      if (spark.isLocal()) {
        requireHeap("train", "this JVM", memory.heap(), needed.heap(), "--driver-memory");
      } else {
        requireHeap("train", "an executor", memory.heap(), needed.heap(), "--executor-memory");
      }
      requireTotal("train", plan.shape(), memory, needed, tasks);
    }
  }

  /**
   * Looks at what scoring takes of an executor.
   *
   * @param lanes of the replica that each task has
   * @throws ConfigurationException naming the memory that is needed, if there is less
   */
  public static void requireToScore(SparkContext spark, LstmShape shape, int lanes) {
    SparkConf conf = spark.getConf();
    int slots = slots(spark);
    int cores = conf.getInt("spark.executor.cores", 1) / conf.getInt("spark.task.cpus", 1);
    int tasks = spark.isLocal() ? slots : Math.max(1, cores);
    // The model as it was read, the broadcast as it came and unpacked, and a spare copy.
    long heap = SPARK + 4L * Float.BYTES * shape.parameterCount();
    EngineChoice choice = Engines.here(shape);
    long replica = choice.engine().memory(shape, new Sgd(1), choice, lanes, 1).host();
    ExecutorMemory needed = new ExecutorMemory(heap, heap + JVM + tasks * replica);
    if (spark.isLocal()) {
      requireHeap("score", "this JVM", here().heap(), needed.heap(), "--driver-memory");
      requireTotal("score with", shape, here(), needed, tasks);
      return;
    }
    long executor = executorMegabytes(conf) * MEBIBYTE;
    requireHeap("score", "an executor", executor, needed.heap(), "--executor-memory");
    requireOverhead("score", needed, conf);
  }

  /** Bytes of the driver's heap: the broadcast, the state after a round, transfers. */
  private static long driver(TrainingPlan plan, int workers) {
    long bytes = 5 * plan.trainedBytes() / 2;
    boolean averages = plan.averaging().outer().averages();
    int ofStart = averages ? plan.averaging().update().copiesOfStart() : 1;
    bytes += (ofStart + (averages ? 0 : 2)) * plan.trainedBytes(); // momenta before and after
    bytes += plan.movingAverage().averages() ? 2 * plan.trainedBytes() : 0; // before and after
    if (plan.averaging().combine() == Combine.DRIVER && workers > 1) {
      bytes += (long) (workers + WeightedMean.groupSize(workers)) * plan.trainedBytes();
    }
    return bytes;
  }

  /** Bytes of the driver's heap while it saves the model: the state, and the weights two times. */
  private static long saving(TrainingPlan plan) {
    int held = 1;
    held += plan.averaging().outer().averages() ? 0 : 1; // its momenta
    held += plan.movingAverage().averages() ? 1 : 0;
    return held * plan.trainedBytes() + 2L * Float.BYTES * plan.shape().untied().parameterCount();
  }

  /** How many tasks run at once, at least one: an executor may be still to come. */
  public static int slots(SparkContext spark) {
    return Math.max(
        1, spark.maxNumConcurrentTasks(spark.resourceProfileManager().defaultResourceProfile()));
  }

  private static void requireTotal(
      String what, LstmShape shape, ExecutorMemory memory, ExecutorMemory needed, int tasks) {
    if (memory.total() < needed.total()) {
      throw new ConfigurationException(
          "Cannot %s %s parameters on a machine of %s MiB: %s workers in a JVM need %s MiB"
              .formatted(
                  what,
                  shape.parameterCount(),
                  memory.total() / MEBIBYTE,
                  tasks,
                  needed.total() / MEBIBYTE + 1));
    }
  }

  private static void requireHeap(
      String what, String whose, long heap, long needed, String option) {
    if (heap < needed) {
      throw new ConfigurationException(
          "Cannot %s: %s has %s MiB of Java heap, this model needs %s; raise %s"
              .formatted(what, whose, heap / MEBIBYTE, needed / MEBIBYTE + 1, option));
    }
  }
}
