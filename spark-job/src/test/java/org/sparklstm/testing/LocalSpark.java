package org.sparklstm.testing;

import java.util.concurrent.TimeoutException;
import java.util.concurrent.atomic.AtomicInteger;
import org.apache.spark.SparkContext;
import org.apache.spark.scheduler.SparkListener;
import org.apache.spark.scheduler.SparkListenerTaskEnd;
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

  /** How many tasks Spark runs for something. */
  public static int tasks(Runnable work) throws TimeoutException {
    AtomicInteger tasks = new AtomicInteger();
    SparkListener counter =
        new SparkListener() {
          @Override
          public void onTaskEnd(SparkListenerTaskEnd end) {
            tasks.incrementAndGet();
          }
        };
    SparkContext spark = session().sparkContext();
    spark.listenerBus().waitUntilEmpty();
    spark.addSparkListener(counter);
    try {
      work.run();
      spark.listenerBus().waitUntilEmpty();
    } finally {
      spark.removeSparkListener(counter);
    }
    return tasks.get();
  }
}
