package org.sparklstm.averaging;

import java.time.Duration;
import java.util.Deque;
import java.util.Timer;
import java.util.TimerTask;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentLinkedDeque;
import java.util.concurrent.ConcurrentMap;
import java.util.function.Function;
import org.sparklstm.engine.EngineChoice;
import org.sparklstm.engine.Replica;
import org.sparklstm.model.LstmShape;

/**
 * The replicas of this JVM, kept from round to round. There are never more than tasks ran at once.
 * A replica holds nothing that a task does not set first, so any task may use any of its shape. One
 * that nobody uses for some minutes is closed: an executor may live longer than its last training.
 */
public final class ReplicaPool {
  private static final Duration MOST_IDLE = Duration.ofMinutes(5);

  private static final ConcurrentMap<Kind, Deque<Idle>> IDLE = new ConcurrentHashMap<>();

  static {
    TimerTask check =
        new TimerTask() {
          @Override
          public void run() {
            close(MOST_IDLE);
          }
        };
    new Timer("replica-pool", true).schedule(check, MOST_IDLE.toMillis(), MOST_IDLE.toMillis() / 5);
  }

  private record Kind(EngineChoice engine, LstmShape shape, int lanes, String gpu) {}

  /**
   * A replica that nobody uses.
   *
   * @param since when it was given back, {@link System#nanoTime}
   */
  private record Idle(Replica replica, long since) {}

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
    Kind kind = new Kind(engine, shape, lanes, AssignedGpu.address());
    Idle last = idle(kind).pollLast(); // the others may become old
    Replica replica;
    if (last == null) {
      clear(); // idle ones are of other kinds, and their memory is needed
      replica = engine.replica(shape, lanes, kind.gpu());
    } else {
      replica = last.replica();
    }
    replica.useThreads(engine.threads()); // of this thread
    return new Loan(replica, kind);
  }

  private static Deque<Idle> idle(Kind kind) {
    return IDLE.computeIfAbsent(kind, any -> new ConcurrentLinkedDeque<>());
  }

  /** A replica that is lent. */
  public static final class Loan {
    private final Replica replica;
    private final Kind kind;

    private Loan(Replica replica, Kind kind) {
      this.replica = replica;
      this.kind = kind;
    }

    /** {@return what is lent} */
    public Replica replica() {
      return replica;
    }

    /**
     * Gives the replica back.
     *
     * @param well whether all went well; otherwise nobody uses the replica again
     */
    public void end(boolean well) {
      if (well) {
        idle(kind).addLast(new Idle(replica, System.nanoTime()));
      } else {
        replica.close();
      }
    }
  }

  /** Closes the idle replicas of this JVM. */
  public static void clear() {
    close(Duration.ZERO);
  }

  /** Closes the replicas that have been idle for so long. */
  static void close(Duration least) {
    for (Deque<Idle> idle : IDLE.values()) {
      for (Idle first = idle.peekFirst();
          first != null && System.nanoTime() - first.since() >= least.toNanos();
          first = idle.peekFirst()) {
        if (idle.remove(first)) { // else somebody has just lent it
          first.replica().close();
        }
      }
    }
  }
}
