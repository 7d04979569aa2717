package org.sparklstm.cluster;

import java.time.Duration;
import java.util.Map;
import java.util.Timer;
import java.util.TimerTask;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentSkipListMap;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.apache.spark.SparkContext;
import org.apache.spark.SparkEnv;
import org.apache.spark.SparkException;
import org.apache.spark.scheduler.SparkListener;
import org.apache.spark.scheduler.SparkListenerExecutorRemoved;
import org.apache.spark.scheduler.SparkListenerJobEnd;
import org.apache.spark.scheduler.SparkListenerJobStart;
import org.apache.spark.scheduler.SparkListenerTaskEnd;
import org.apache.spark.scheduler.SparkListenerTaskStart;
import org.apache.spark.scheduler.TaskInfo;
import org.sparklstm.error.InputException;
import org.sparklstm.error.TrainingException;

/**
 * Ends jobs that hang: Spark itself waits without a limit for a task that neither ends nor fails,
 * and for an executor that never comes.
 */
public final class Watchdog extends SparkListener implements AutoCloseable {
  private static final Pattern TASK_FAILURE =
      Pattern.compile("most recent failure: Lost task \\S+ in stage \\S+ \\(TID \\d+\\) (.*)");

  private static final Pattern OUT_OF_HEAP =
      Pattern.compile("OutOfMemoryError|exited with code 52\\b|[Ee]xit (code|status):? 52\\b");
  private static final Pattern KILLED =
      Pattern.compile(
          "[Cc]ontainer killed|OOMKilled|exited with code 137\\b|[Ee]xit (code|status):? 137\\b");

  private final SparkContext spark;
  private final Duration limit;
  private final Map<Integer, String> jobs = new ConcurrentSkipListMap<>(); // id to description
  private final Map<Long, TaskInfo> running = new ConcurrentHashMap<>();
  private final Timer clock = new Timer("watchdog", true);
  private volatile long progress = System.nanoTime(); // when a job or task last started or ended
  private volatile String complaint;

  /**
   * Watches all jobs of {@code spark} until it is closed.
   *
   * @param limit how long jobs may run without a task starting or ending
   */
  public Watchdog(SparkContext spark, Duration limit) {
    this.spark = spark;
    this.limit = limit;
    spark.addSparkListener(this);
    long period = Math.max(1, Math.min(1000, limit.toMillis() / 4));
    TimerTask check =
        new TimerTask() {
          @Override
          public void run() {
            check();
          }
        };
    clock.schedule(check, period, period);
  }

  private void check() {
    if (jobs.isEmpty() || System.nanoTime() - progress < limit.toNanos()) {
      return;
    }
    StringBuilder waiting = new StringBuilder();
    running.values().stream()
        .sorted((a, b) -> Integer.compare(a.index(), b.index()))
        .limit(10)
        .forEach(
            task ->
                waiting.append(
                    "; task %s still runs on executor %s (%s)"
                        .formatted(task.index(), task.executorId(), task.host())));
    complaint =
        "No task has started or ended for %s seconds, the limit that cluster.round-timeout sets: %s%s"
            .formatted(
                limit.toSeconds(),
                String.join(", ", jobs.values()),
                running.isEmpty() ? "; no executor has taken a task" : waiting);
    spark.cancelAllJobs();
  }

  /**
   * What to throw for {@code failure}: why this watchdog ended the jobs, or the cause that a task
   * failed with, or what else Spark says in a line; {@code failure} itself if it is not Spark's.
   */
  public Exception explained(Exception failure) {
    InputException.rethrowCause(failure);
    String why = InputException.firstLine(failure);
    if (complaint != null && failure instanceof SparkException) {
      return new TrainingException(complaint, failure);
    }
    if (spark.isStopped() || why.contains("Master removed our application")) {
      awaitStop();
      return new TrainingException(
          ("Spark was stopped from outside, for instance by a kill of the application: %s. What was"
                  + " saved stays: --resume continues from it")
              .formatted(why),
          failure);
    }
    if (!(failure instanceof SparkException)) {
      return failure;
    }
    Matcher task = TASK_FAILURE.matcher(String.valueOf(failure.getMessage()));
    boolean isTask = task.find();
    if (isTask && !spark.isLocal()) {
      return new TrainingException(
          "A task failed: " + task.group(1) + advice(task.group(1)), failure);
    }
    for (Throwable cause = failure; cause != null; cause = cause.getCause()) {
      if (cause instanceof OutOfMemoryError error) {
        return TrainingException.outOfMemory(error);
      }
    }
    return new TrainingException(
        isTask ? "A task failed: " + task.group(1) : "Spark gave up: " + why, failure);
  }

  /** Spark stops in another thread, and prints the stack of all that it breaks off. */
  private void awaitStop() {
    spark.setLogLevel("OFF");
    try {
      for (int wait = 0; SparkEnv.get() != null && wait < 100; wait++) {
        Thread.sleep(100);
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  /** What to do about an executor's end. */
  static String advice(String failure) {
    if (OUT_OF_HEAP.matcher(failure).find()) {
      return ". An executor ran out of Java heap: raise --executor-memory";
    }
    if (KILLED.matcher(failure).find()) {
      return ". An executor was killed, usually for its memory: raise spark.executor.memoryOverhead";
    }
    return "";
  }

  @Override
  public void onJobStart(SparkListenerJobStart start) {
    progress = System.nanoTime();
    complaint = null; // of jobs that ended by themselves just then
    String description =
        start.properties() == null ? null : start.properties().getProperty("spark.job.description");
    jobs.put(start.jobId(), description == null ? "job " + start.jobId() : description);
  }

  @Override
  public void onJobEnd(SparkListenerJobEnd end) {
    progress = System.nanoTime();
    jobs.remove(end.jobId());
  }

  @Override
  public void onTaskStart(SparkListenerTaskStart start) {
    progress = System.nanoTime();
    running.put(start.taskInfo().taskId(), start.taskInfo());
  }

  @Override
  public void onTaskEnd(SparkListenerTaskEnd end) {
    progress = System.nanoTime();
    running.remove(end.taskInfo().taskId());
  }

  @Override
  public void onExecutorRemoved(SparkListenerExecutorRemoved removed) {
    running.values().removeIf(task -> task.executorId().equals(removed.executorId()));
  }

  @Override
  public void close() {
    clock.cancel();
    spark.removeSparkListener(this);
  }
}
