package org.sparklstm.spark;

import org.apache.spark.sql.SparkSession;

/** The Spark of the unit tests: one local session of two cores for the whole JVM. */
public final class LocalSpark {
  private LocalSpark() {}

  public static SparkSession session() {
    return SparkSession.builder()
        .master("local[2]")
        .appName("test")
        .config("spark.ui.enabled", false)
        .config("spark.sql.shuffle.partitions", 3)
        .getOrCreate();
  }
}
