package org.sparklstm.cluster;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.catchException;

import java.io.Serializable;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.stream.IntStream;
import org.apache.spark.api.java.JavaSparkContext;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.sparklstm.error.InputException;
import org.sparklstm.error.TrainingException;
import org.sparklstm.testing.LocalSpark;

class WatchdogTest {
  private final JavaSparkContext spark =
      JavaSparkContext.fromSparkContext(LocalSpark.session().sparkContext());

  /** As many tasks as {@code millis}, each of which sleeps for its time. */
  private void sleep(List<Integer> millis) {
    spark
        .parallelize(millis, millis.size())
        .foreach(
            time -> {
              Thread.sleep(time);
            });
  }

  @Test
  void aJobThatHangsEndsAndItsTasksAreNamed() {
    try (Watchdog watchdog = new Watchdog(spark.sc(), Duration.ofSeconds(3))) {
      spark.sc().setJobDescription("epoch 1 round 3 of 7");
      Exception failure = catchException(() -> sleep(List.of(0, 12_000)));

      assertThat(watchdog.explained(failure))
          .isInstanceOf(TrainingException.class)
          .hasMessageMatching(
              "No task has started or ended for 3 seconds, the limit that cluster.round-timeout sets: "
                  + "epoch 1 round 3 of 7; task 1 still runs on executor driver \\(.+\\)");
    } finally {
      spark.sc().setJobDescription(null);
    }
  }

  @Test
  void aJobThatMakesProgressMayTakeLonger() {
    try (Watchdog watchdog = new Watchdog(spark.sc(), Duration.ofSeconds(3))) {
      sleep(IntStream.range(0, 8).map(task -> 1000).boxed().toList());
    }
  }

  @Test
  void anIdleDriverIsNoHang() throws InterruptedException {
    try (Watchdog watchdog = new Watchdog(spark.sc(), Duration.ofSeconds(2))) {
      Thread.sleep(3000);
      sleep(List.of(1));
    }
  }

  @Test
  void aTaskThatFailsIsExplainedByItsCause() {
    try (Watchdog watchdog = new Watchdog(spark.sc(), Duration.ofMinutes(1))) {
      Exception failure =
          failureOf(
              () -> {
                throw new IllegalStateException("lane 3 is damaged");
              });

      assertThat(watchdog.explained(failure))
          .isInstanceOf(TrainingException.class)
          .hasMessageMatching(
              "A task failed: \\(.+ executor driver\\): java.lang.IllegalStateException: lane 3 is damaged");
    }
  }

  @Test
  void whateverElseSparkEndsAJobForIsALine() {
    try (Watchdog watchdog = new Watchdog(spark.sc(), Duration.ofMinutes(1))) {
      spark.setJobGroup("doomed", "job", true);
      CompletableFuture.delayedExecutor(3, TimeUnit.SECONDS)
          .execute(() -> spark.cancelJobGroup("doomed"));
      Exception failure = catchException(() -> sleep(List.of(20_000)));

      assertThat(watchdog.explained(failure))
          .isInstanceOf(TrainingException.class)
          .hasMessageMatching(
              "Spark gave up: .*Job \\d+ cancelled part of cancelled job group doomed");
    } finally {
      spark.clearJobGroup();
    }
  }

  @Test
  void aTaskThatRunsOutOfTheMemoryOfALocalRunSaysWhatToRaise() {
    try (Watchdog watchdog = new Watchdog(spark.sc(), Duration.ofMinutes(1))) {
      Exception failure = failureOf(() -> new long[Integer.MAX_VALUE].clone());

      assertThat(watchdog.explained(failure))
          .isInstanceOf(TrainingException.class)
          .hasMessageMatching(
              "Out of memory \\(.+\\): the driver has \\d+ MiB of Java heap; raise --driver-memory");
    }
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "ExecutorLostFailure (executor 0 exited): Command exited with code 52 | --executor-memory",
        "(host executor 1): java.lang.OutOfMemoryError: Java heap space | --executor-memory",
        "Container killed by YARN for exceeding physical memory limits | spark.executor.memoryOverhead",
        "Container from a bad node. Exit status: 137. Diagnostics | spark.executor.memoryOverhead",
        "Command exited with code 137 | spark.executor.memoryOverhead",
      })
  void anExecutorThatEndsForItsMemorySaysWhatToRaise(String failure, String option) {
    assertThat(Watchdog.advice(failure)).endsWith("raise " + option);
  }

  @Test
  void anExecutorThatEndsForAnythingElseSaysNothing() {
    assertThat(Watchdog.advice("Command exited with code 1, exit status: 1370")).isEmpty();
  }

  @Test
  void anInputThatATaskCannotReadIsNamedWithoutMore() {
    try (Watchdog watchdog = new Watchdog(spark.sc(), Duration.ofMinutes(1))) {
      Exception failure =
          failureOf(
              () -> {
                throw InputException.ofTask("Cannot read corpus: it is gone");
              });

      assertThatThrownBy(
              () -> {
                throw watchdog.explained(failure);
              })
          .isInstanceOf(InputException.class)
          .hasMessage("Cannot read corpus: it is gone");
    }
  }

  @Test
  void otherFailuresStayAsTheyAre() {
    try (Watchdog watchdog = new Watchdog(spark.sc(), Duration.ofMinutes(1))) {
      InputException failure = new InputException("no such file");

      assertThatThrownBy(
              () -> {
                throw watchdog.explained(failure);
              })
          .isSameAs(failure);
    }
  }

  /** Something that a task does. */
  private interface Work extends Serializable {
    Object run();
  }

  /** What a job of one such task fails with. */
  private Exception failureOf(Work work) {
    return catchException(() -> spark.parallelize(List.of(1), 1).foreach(one -> work.run()));
  }
}
