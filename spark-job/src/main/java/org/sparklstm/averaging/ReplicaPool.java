package org.sparklstm.averaging;

import java.util.Queue;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.ConcurrentMap;
import java.util.function.Function;
import org.sparklstm.engine.EngineChoice;
import org.sparklstm.engine.Replica;
import org.sparklstm.model.LstmShape;

/**
 * The replicas of this JVM, kept from round to round. There are never more than tasks ran at once.
 * A replica holds nothing that a task does not set first, so any task may use any of its shape.
 */
public final class ReplicaPool {
  private static final ConcurrentMap<Kind, Queue<Replica>> IDLE = new ConcurrentHashMap<>();

  private record Kind(EngineChoice engine, LstmShape shape, int lanes, String gpu) {}

  private ReplicaPool() {}

  /** Runs {@code task} with a replica, which is closed if the task fails. */
  public static <T> T with(
      EngineChoice engine, LstmShape shape, int lanes, Function<Replica, T> task) {
    Loan loan = lend(engine, shape, lanes);
    boolean done = false;
    try {
      T result = task.apply(loan.replica());
      done = true;
      return result;
    } finally {
      loan.end(done);
    }
  }

  /** Lends a replica to the calling thread, which must give it back. */
  public static Loan lend(EngineChoice engine, LstmShape shape, int lanes) {
    String gpu = AssignedGpu.address();
    Queue<Replica> idle =
        IDLE.computeIfAbsent(
            new Kind(engine, shape, lanes, gpu), kind -> new ConcurrentLinkedQueue<>());
    Replica replica = idle.poll();
    if (replica == null) {
      clear(); // idle ones are of other kinds, and their memory is needed
      replica = engine.replica(shape, lanes, gpu);
    }
    replica.useThreads(engine.threads()); // of this thread
    return new Loan(replica, idle);
  }

  /** A replica that is lent. */
  public record Loan(Replica replica, Queue<Replica> idle) {
    /**
     * Gives the replica back.
     *
     * @param well whether all went well; otherwise nobody uses the replica again
     */
    public void end(boolean well) {
      if (well) {
        idle.add(replica);
      } else {
        replica.close();
      }
    }
  }

  /** Closes the idle replicas of this JVM. */
  public static void clear() {
    IDLE.values()
        .forEach(
            idle -> {
              for (Replica replica = idle.poll(); replica != null; replica = idle.poll()) {
                replica.close();
              }
            });
  }
}
