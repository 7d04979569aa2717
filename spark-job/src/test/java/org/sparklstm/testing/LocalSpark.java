package org.sparklstm.testing;

import org.apache.spark.sql.SparkSession;

/** The one Spark session of a test JVM. */
public final class LocalSpark {
  private LocalSpark() {}

  /** The running session; a new one if a test has stopped it. */
  public static SparkSession session() {
    return SparkSession.builder()
        .master("local[2]")
        .config("spark.ui.enabled", false)
        .config("spark.executor.killOnFatalError.depth", 0) // as TrainCommand has it
        .config("spark.sql.shuffle.partitions", 3)
        // A task that keeps memory of a shuffle fails, even if it is little.
        .config("spark.unsafe.exceptionOnMemoryLeak", true)
        .config("spark.shuffle.spill.initialMemoryThreshold", 1)
        .getOrCreate();
  }
}
