package org.sparklstm.averaging;

import org.apache.spark.api.java.JavaSparkContext;
import org.apache.spark.broadcast.Broadcast;

/**
 * A broadcast that is destroyed when it is closed. As a resource of a {@code try} it does not hide
 * the failure of a job, though destroying fails too where Spark has stopped.
 */
record Sent<T>(Broadcast<T> broadcast) implements AutoCloseable {

  static <T> Sent<T> of(JavaSparkContext spark, T value) {
    return new Sent<>(spark.broadcast(value));
  }

  @Override
  public void close() {
    broadcast.destroy();
  }
}
