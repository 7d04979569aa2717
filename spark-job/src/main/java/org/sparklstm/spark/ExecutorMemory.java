package org.sparklstm.spark;

import com.sun.management.OperatingSystemMXBean;
import java.io.Serializable;
import java.lang.management.ManagementFactory;
import org.apache.spark.SparkConf;
import org.apache.spark.SparkContext;
import org.apache.spark.network.util.JavaUtils;
import org.sparklstm.config.ConfigurationException;
import org.sparklstm.config.Settings;
import org.sparklstm.config.Settings.Combine;
import org.sparklstm.config.Settings.Compression;
import org.sparklstm.model.LstmSpec;
import org.sparklstm.train.Averaging;
import org.sparklstm.train.LaneSplit;

/**
 * The memory that training takes of an executor.
 *
 * @param heap bytes of the Java heap
 * @param total bytes of the machine or its container
 */
record ExecutorMemory(long heap, long total) implements Serializable {
  private static final String OVERHEAD = "spark.executor.memoryOverhead";
  private static final long MEBIBYTE = 1 << 20;

  /** Spark's own in the heap, and what a JVM takes besides its heap. */
  private static final long SPARK = 300 * MEBIBYTE;

  private static final long JVM = 384 * MEBIBYTE;

  /**
   * What some workers at a time need.
   *
   * @param workers in all
   * @param tasks of them at a time
   */
  static ExecutorMemory needed(Settings settings, LstmSpec spec, int workers, int tasks) {
    int lanes = (settings.data().lanes() - 1) / workers + 1; // of the worker that has the most
    long parameters = (long) spec.parameterCount() * Float.BYTES;
    // The broadcast as it came and unpacked; each worker's parameters, and the same to send.
    boolean whole = settings.averaging().compression() == Compression.NONE;
    long copies = whole ? 2 : 4;
    if (settings.averaging().combine() == Combine.TREE) {
      // A group's as they came, and unpacked; their mean, and the same to send.
      copies = Math.max(copies, (whole ? 1L : 2L) * Averaging.groupSize(workers) + 3);
    }
    // And once more, for G1 does not move such arrays to make room for another in one piece.
    long heap = SPARK + (3 + copies * tasks) * parameters;
    long replica = settings.engine().nativeBytes(spec, lanes, settings.data().window());
    return new ExecutorMemory(heap, heap + JVM + tasks * replica);
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
  static void ask(SparkConf conf, Settings settings) {
    if (conf.get("spark.master").startsWith("local") || conf.contains(OVERHEAD)) {
      return;
    }
    LstmSpec largest;
    try {
      largest = settings.spec(settings.vocabulary().size());
    } catch (ConfigurationException e) { // a smaller text may have fewer words
      return;
    }
    int tasks = conf.getInt("spark.executor.cores", 1) / conf.getInt("spark.task.cpus", 1);
    int workers = settings.cluster().workers().orElse(1);
    double factor = conf.getDouble("spark.executor.memoryOverheadFactor", 0.1);
    long usual =
        (long) (factor * JavaUtils.byteStringAsMb(conf.get("spark.executor.memory", "1g")));
    conf.set(OVERHEAD, Math.max(needed(settings, largest, workers, tasks).overhead(), usual) + "m");
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
  static void requireOverhead(ExecutorMemory needed, SparkConf conf) {
    if (conf.contains(OVERHEAD)
        && JavaUtils.byteStringAsMb(conf.get(OVERHEAD)) < needed.overhead()) {
      throw new ConfigurationException(
          "Cannot train: %s is %s, this model needs %sm; raise it or leave it out"
              .formatted(OVERHEAD, conf.get(OVERHEAD), needed.overhead()));
    }
  }

  /**
   * Looks at the driver and at each executor.
   *
   * @throws ConfigurationException naming the memory that is needed, if one of them has less
   */
  static void require(SparkContext spark, Settings settings, LstmSpec spec, TrainingData data) {
    LaneSplit split = data.split();
    int slots = slots(spark);
    int executors = spark.isLocal() ? 1 : Math.max(1, spark.getExecutorMemoryStatus().size() - 1);
    int tasks = Math.min((slots - 1) / executors + 1, split.workers());
    ExecutorMemory needed = needed(settings, spec, split.workers(), tasks);
    // Parameters before and after a round, and transfers.
    long driver = 5L * spec.parameterCount() * Float.BYTES / 2;
    if (settings.averaging().sendsChanges()) {
      driver += (long) spec.parameterCount() * Float.BYTES; // what they are added to
    }
    if (settings.averaging().combine() == Combine.DRIVER && split.workers() > 1) {
      int updates = split.workers() + Averaging.groupSize(split.workers());
      driver += (long) updates * spec.parameterCount() * Float.BYTES;
    }
    if (spark.isLocal()) {
      needed = new ExecutorMemory(needed.heap() + driver, needed.total() + driver);
    } else {
      requireOverhead(needed, spark.getConf());
      requireHeap("the driver", here().heap(), SPARK + driver, "--driver-memory");
    }
    for (ExecutorMemory memory : data.train().map(shard -> here()).collect()) {
      if (spark.isLocal()) {
        requireHeap("this JVM", memory.heap(), needed.heap(), "--driver-memory");
      } else {
        requireHeap("an executor", memory.heap(), needed.heap(), "--executor-memory");
      }
      if (memory.total() < needed.total()) {
        throw new ConfigurationException(
            "Cannot train %s parameters on a machine of %s MiB: %s workers in a JVM need %s MiB"
                .formatted(
                    spec.parameterCount(),
                    memory.total() / MEBIBYTE,
                    tasks,
                    needed.total() / MEBIBYTE + 1));
      }
    }
  }

  /** How many tasks run at once, at least one: an executor may be still to come. */
  static int slots(SparkContext spark) {
    return Math.max(
        1, spark.maxNumConcurrentTasks(spark.resourceProfileManager().defaultResourceProfile()));
  }

  private static void requireHeap(String whose, long heap, long needed, String option) {
    if (heap < needed) {
      throw new ConfigurationException(
          "Cannot train: %s has %s MiB of Java heap, this model needs %s; raise %s"
              .formatted(whose, heap / MEBIBYTE, needed / MEBIBYTE + 1, option));
    }
  }
}
