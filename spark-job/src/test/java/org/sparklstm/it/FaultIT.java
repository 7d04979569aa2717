package org.sparklstm.it;

import static org.junit.jupiter.params.provider.Arguments.arguments;

import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Named;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.DisabledIfSystemProperty;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;
import org.sparklstm.testing.FailingTasks;

/** What dies of Spark on the way does not change the model: executors, workers, drivers, tasks. */
class FaultIT extends FaultTest {
  private static final int ONCE = 1;
  private static final int ALWAYS = 9;

  /** What dies on a cluster, in the order in which one run meets all of it. */
  private static final List<Named<Fault<ClusterRun>>> ON_A_CLUSTER =
      List.of(
          fault(
              "an executor dies while it reads or has its first tasks",
              (run, chance) -> {
                run.hasAnExecutor();
                run.executorDiesAfter(chance.millis(10_000));
              }),
          fault(
              "two executors die in a row",
              (run, chance) -> {
                run.savesACheckpoint();
                run.executorDiesAfter(chance.millis(1000));
                run.executorDiesAfter(chance.millis(1000));
              }),
          fault(
              "an executor freezes",
              (run, chance) -> {
                run.savesACheckpoint();
                run.executorFreezesAfter(chance.millis(1000));
              }),
          fault(
              "a worker dies with its executor, and a new one joins",
              (run, chance) -> {
                run.savesACheckpoint();
                run.workerDiesAfter(chance.millis(1000));
                run.workerJoins();
              }));

  /**
   * One after another they take minutes; {@link #allOfThisInOneRunDoesNotChangeTheModel} meets the
   * same faults.
   */
  @ParameterizedTest(name = "{0}, {1}")
  @MethodSource("faultsOfACluster")
  @DisabledIfSystemProperty(
      named = "faults.repetitions",
      matches = "1",
      disabledReason = "each fault by itself is for -Pfaults; all of them in one run are tested")
  void aRunOnAClusterEndsWithTheSameModelThough(Fault<ClusterRun> fault, Chance chance)
      throws Exception {
    try (ClusterRun run = runOnACluster(chance)) {
      run.starts();
      fault.happensTo(run, chance);
      run.endsWithTheSameModelAs(undisturbed);
    }
  }

  static Stream<Arguments> faultsOfACluster() {
    return ON_A_CLUSTER.stream()
        .flatMap(fault -> Chance.drawn().map(chance -> arguments(fault, chance)));
  }

  @ParameterizedTest(name = "each task of a round fails once, {0}")
  @MethodSource("chances")
  void tasksThatFailOnceDoNotChangeTheModel(Chance chance) throws Exception {
    try (TrainingRun run = runOn("local[2,2]", chance)) {
      run.startsWithTasksThatFail("epoch 2 round 3 of", ONCE);
      run.endsWithTheSameModelAs(undisturbed);
      run.hasPrinted(FailingTasks.MESSAGE);
    }
  }

  @ParameterizedTest(name = "tasks fail, executors die and freeze, a worker dies, {0}")
  @MethodSource("chances")
  void allOfThisInOneRunDoesNotChangeTheModel(Chance chance) throws Exception {
    try (ClusterRun run = runOnACluster(chance)) {
      run.startsWithTasksThatFail("epoch 2 round 3 of", ONCE);
      for (Named<Fault<ClusterRun>> fault : ON_A_CLUSTER) {
        fault.getPayload().happensTo(run, chance);
      }
      run.endsWithTheSameModelAs(undisturbed);
      run.hasPrinted(FailingTasks.MESSAGE);
    }
  }

  /** Checkpoints are written after every second round, so some kills come during a write. */
  @ParameterizedTest(name = "the driver dies with each averaging.combine, {0}")
  @MethodSource("chances")
  void aRunResumesWithAnotherCombineAfterTheDriverDied(Chance chance) throws Exception {
    try (TrainingRun run = runOn("local[2]", chance)) {
      for (String combine : chance.inAnyOrder(List.of("driver", "tree", "sharded"))) {
        run.set("averaging.combine=" + combine);
        run.resumes(); // the first time from nothing yet
        run.savesACheckpoint();
        run.driverDiesAfter(chance.millis(1000));
      }
      run.resumes();
      run.findsItsCheckpoint();
      run.driverDiesAfter(chance.millis(2000));
      run.resumes();
      run.endsWithTheSameModelAs(undisturbed);
      run.hasPrinted("Resuming from");
    }
  }

  @ParameterizedTest(name = "a task always fails, {0}")
  @MethodSource("chances")
  void aRunResumesBeforeTheTaskThatAlwaysFailed(Chance chance) throws Exception {
    try (TrainingRun run = runOn("local[2,2]", chance)) {
      run.startsWithTasksThatFail("epoch 6 round 5 of", ALWAYS);
      run.endsWithTheError("A task failed: ", FailingTasks.MESSAGE);
      run.resumes();
      run.endsWithTheSameModelAs(undisturbed);
      run.hasPrinted("Resuming from", "epoch-000005-round-000000004");
    }
  }

  @Test
  void aClusterWithoutAWorkerIsNotWaitedForWithoutALimit() throws Exception {
    try (SparkCluster cluster = new SparkCluster(newDirectory(), 0);
        TrainingRun run = runOn(cluster.master())) {
      run.conf("spark.scheduler.maxRegisteredResourcesWaitingTime=1s");
      run.set("cluster.round-timeout=20 seconds");
      run.starts();
      run.endsWithTheError(
          "No task has started or ended for 20 seconds", "no executor has taken a task");
    }
  }

  @Test
  void aClusterThatDoesNotAnswerIsNotWaitedForWithoutALimit() throws Exception {
    try (ServerSocket silent = new ServerSocket(0, 50, InetAddress.getLoopbackAddress());
        TrainingRun run = runOn("spark://127.0.0.1:" + silent.getLocalPort())) {
      run.set("cluster.round-timeout=4 seconds");
      run.starts();
      run.endsWithTheError(
          "Spark has not started on spark://127.0.0.1:%s within 4 seconds"
              .formatted(silent.getLocalPort()));
    }
  }

  static Stream<Chance> chances() {
    return Chance.drawn();
  }

  private static ClusterRun runOnACluster(Chance chance) throws IOException {
    return ClusterRun.start(newDirectory(), corpus, chance);
  }
}
