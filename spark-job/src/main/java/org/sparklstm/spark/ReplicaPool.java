package org.sparklstm.spark;

import java.util.Queue;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.ConcurrentMap;
import java.util.function.Function;
import org.sparklstm.engine.Engine;
import org.sparklstm.engine.Replica;
import org.sparklstm.model.LstmSpec;

/**
 * The replicas of this JVM, kept from round to round: never more than tasks ran at once. A replica
 * holds nothing that a task does not set first, so any task may use any of its shape.
 */
final class ReplicaPool {
  private static final ConcurrentMap<Shape, Queue<Replica>> IDLE = new ConcurrentHashMap<>();

  private record Shape(Engine engine, LstmSpec spec, int lanes) {}

  private ReplicaPool() {}

  /** Runs {@code task} with a replica; one whose task fails is closed. */
  static <T> T with(Engine engine, LstmSpec spec, int lanes, Function<Replica, T> task) {
    Queue<Replica> idle =
        IDLE.computeIfAbsent(
            new Shape(engine, spec, lanes), shape -> new ConcurrentLinkedQueue<>());
    Replica replica = idle.poll();
    if (replica == null) {
      clear(); // of other shapes: their memory is needed
      replica = engine.replica(spec, lanes);
    }
    boolean done = false;
    try {
      T result = task.apply(replica);
      done = true;
      return result;
    } finally {
      if (done) {
        idle.add(replica);
      } else {
        replica.close();
      }
    }
  }

  /** Closes the idle replicas of this JVM. */
  static void clear() {
    IDLE.values()
        .forEach(
            idle -> {
              for (Replica replica = idle.poll(); replica != null; replica = idle.poll()) {
                replica.close();
              }
            });
  }
}
