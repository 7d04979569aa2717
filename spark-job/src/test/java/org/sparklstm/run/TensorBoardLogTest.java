package org.sparklstm.run;

import static org.assertj.core.api.Assertions.assertThat;
import static org.sparklstm.run.MetricsLogTest.state;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.apache.hadoop.conf.Configuration;
import org.apache.hadoop.fs.FileSystem;
import org.apache.hadoop.fs.RawLocalFileSystem;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.sparklstm.checkpoint.Best;
import org.sparklstm.engine.LossSum;
import org.sparklstm.files.AtomicFiles;
import org.sparklstm.run.RunListener.EpochSummary;
import org.sparklstm.run.RunListener.Validation;
import org.sparklstm.testing.EventFile;
import org.sparklstm.testing.EventFile.Point;
import org.sparklstm.train.RoundSummary;
import org.sparklstm.train.TrainingState;

/** What TensorBoard finds. Each round trains 40 tokens in 16 ms at rate 0.25. */
class TensorBoardLogTest {
  private static final RoundSummary.Timing TIMING = new RoundSummary.Timing(1, List.of(2L), 3, 16);

  /** The points of a round whose loss is ln 4 a token. */
  private static final List<String> ROUND =
      List.of(
          "round/perplexity 4.0",
          "round/learning_rate 0.25",
          "round/gradient_norm 0.5",
          "round/tokens_per_second 2500.0",
          "round_ms/broadcast 1.0",
          "round_ms/compute 2.0",
          "round_ms/combine 3.0",
          "round_ms/total 16.0");

  @TempDir private Path directory;

  /** A file system on which a file is seen when it is closed, as on an object store. */
  public static final class WithoutAppend extends RawLocalFileSystem {
    @Override
    public boolean hasPathCapability(org.apache.hadoop.fs.Path path, String capability) {
      return false;
    }
  }

  @Test
  void everyNumberOfTheRunIsAPointByTheTokensOfTheRun() throws Exception {
    try (Logs run = open(0, 0, 0)) {
      run.round(0, 1, 4);
      run.metrics().validated(new Validation(0, 2, 80, 7));
      run.round(0, 2, 4);
      run.epoch(0, 5, 6);
      run.metrics().tested(8);
    }

    List<String> expected = new ArrayList<>();
    ROUND.forEach(point -> expected.add("40 " + point));
    expected.add("80 perplexity/valid 7.0");
    ROUND.forEach(point -> expected.add("80 " + point));
    expected.addAll(
        List.of(
            "80 perplexity/train 5.0",
            "80 perplexity/valid 6.0",
            "80 epoch/tokens_per_second 20.0",
            "80 perplexity/test 8.0"));
    assertThat(file().points()).map(Point::toString).isEqualTo(expected);
  }

  @Test
  void pointsCanBeReadWhileTheRunGoesOn() throws Exception {
    try (Logs run = open(0, 0, 0)) {
      assertThat(file().points()).isEmpty();
      run.round(0, 1, 4);

      assertThat(file().points()).hasSize(8);
    }
  }

  @Test
  void whatIsInfiniteOrNaNHasNoPoint() throws Exception {
    try (Logs run = open(0, 0, 0)) {
      run.metrics().tested(Double.POSITIVE_INFINITY);
      run.metrics().tested(Double.NaN);
      run.metrics().tested(1e300); // TensorBoard has floats
      run.metrics().tested(1e30);
    }

    assertThat(file().points()).map(Point::value).containsExactly(1e30f);
  }

  /** The first process dies in epoch 2 after two rounds, and its checkpoint is one round old. */
  @Test
  void aRunThatIsResumedHasEachPointOnceAndItsTime() throws Exception {
    long before = System.currentTimeMillis();
    try (Logs run = open(0, 0, 0)) {
      run.round(0, 1, 4);
      run.epoch(0, 5, 6);
      run.round(1, 1, 3);
      run.metrics().validated(new Validation(1, 2, 120, 99));
      run.round(1, 2, 99);
    }
    long killed = System.currentTimeMillis();
    List<Point> kept = file().points().stream().filter(point -> point.step() <= 80).toList();
    try (Logs run = open(1, 1, 80)) {
      assertThat(file().points()).isEqualTo(kept);
      run.round(1, 2, 2);
    }

    EventFile file = file();
    assertThat(file.points().subList(0, kept.size())).isEqualTo(kept);
    assertThat(kept)
        .allMatch(point -> point.time() >= before / 1e3 && point.time() <= killed / 1e3);
    assertThat(file.points().subList(kept.size(), file.points().size()))
        .hasSize(8)
        .allMatch(point -> point.step() == 120)
        .map(Point::value)
        .contains(2f)
        .doesNotContain(99f);
    assertThat(file.points()).map(point -> point.tag() + point.step()).doesNotHaveDuplicates();
    // TensorBoard forgets what it has read of the file that is gone
    assertThat(file.version()).isEqualTo("brain.Event:2");
    assertThat(file.restarts()).containsExactly(0L);
  }

  @Test
  void aFinishedRunThatIsResumedHasItsTestOnce() throws Exception {
    try (Logs run = open(0, 0, 0)) {
      run.round(0, 1, 4);
      run.epoch(0, 5, 6);
      run.metrics().tested(8);
    }
    try (Logs run = open(1, 0, 40)) {
      run.metrics().tested(8);
    }

    assertThat(file().points())
        .filteredOn(point -> point.tag().equals("perplexity/test"))
        .map(Point::toString)
        .containsExactly("40 perplexity/test 8.0");
  }

  /**
   * Where a killed run leaves no metrics.jsonl, the points after it still are where they belong.
   */
  @Test
  void stepsGoOnWhereNothingCouldBeKept() throws Exception {
    FileSystem store = new WithoutAppend();
    store.initialize(directory.toUri(), new Configuration());
    try (Logs run = open(store, 0, 0, 0)) {
      run.round(0, 1, 4);
    }
    Files.delete(directory.resolve("metrics.jsonl"));
    for (int resumed = 0; resumed < 2; resumed++) {
      try (Logs run = open(store, 0, 1, 40)) {
        run.round(0, 2, 4);
      }
    }

    assertThat(file().points()).map(Point::toString).hasSize(8).contains("80 round/perplexity 4.0");
  }

  @Test
  void filesOfOthersStay() throws Exception {
    Path other =
        Files.createDirectories(directory.resolve("tensorboard")).resolve(".hidden.tfevents");
    Files.writeString(other, "mine");

    open(0, 0, 0).close();
    open(0, 0, 0).close();

    assertThat(RunDirectoryTest.files(other.getParent())).hasSize(2).contains(".hidden.tfevents");
  }

  /** The two logs of a process. */
  private record Logs(MetricsLog metrics, TensorBoardLog curves) implements AutoCloseable {
    @Override
    public void close() throws IOException {
      metrics.close();
      curves.close();
    }

    /**
     * A round of 40 tokens.
     *
     * @param perplexity which is 1 / p of each token
     */
    void round(int epoch, int round, double perplexity) throws IOException {
      LossSum loss = new LossSum(40 * Math.log(perplexity), 40);
      metrics.roundEnded(new RoundSummary(state(epoch, round), loss, 0.25, 0.5, TIMING, List.of()));
    }

    /** An epoch that took two seconds for 40 tokens. */
    void epoch(int epoch, double train, double valid) throws IOException {
      LossSum loss = new LossSum(80 * Math.log(train), 80);
      TrainingState next = state(epoch + 1, 0);
      metrics.epochEnded(new EpochSummary(epoch, 1, loss, valid, 40, 2, next, Best.NONE, ""));
    }
  }

  /** The logs of a process that begins behind {@code trained} tokens. */
  private Logs open(int epoch, int round, long trained) throws IOException {
    return open(FileSystem.getLocal(new Configuration()), epoch, round, trained);
  }

  private Logs open(FileSystem found, int epoch, int round, long trained) throws IOException {
    AtomicFiles files = AtomicFiles.on(found);
    org.apache.hadoop.fs.Path root = new org.apache.hadoop.fs.Path(directory.toString());
    TensorBoardLog curves =
        TensorBoardLog.open(files.fileSystem(), new org.apache.hadoop.fs.Path(root, "tensorboard"));
    org.apache.hadoop.fs.Path metrics = new org.apache.hadoop.fs.Path(root, "metrics.jsonl");
    return new Logs(
        MetricsLog.open(files, metrics, state(epoch, round), trained, List.of(curves)), curves);
  }

  private EventFile file() throws IOException {
    return EventFile.onlyOneOf(directory.resolve("tensorboard"));
  }
}
