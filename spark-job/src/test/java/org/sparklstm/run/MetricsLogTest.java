package org.sparklstm.run;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.List;
import org.apache.hadoop.conf.Configuration;
import org.apache.hadoop.fs.FileSystem;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.sparklstm.checkpoint.Best;
import org.sparklstm.engine.LossSum;
import org.sparklstm.files.AtomicFiles;
import org.sparklstm.run.RunListener.EpochSummary;
import org.sparklstm.run.RunListener.Validation;
import org.sparklstm.train.RoundSummary;
import org.sparklstm.train.Trained;
import org.sparklstm.train.TrainingState;

class MetricsLogTest {
  private static final ObjectMapper JSON = new ObjectMapper();
  private static final RoundSummary.Timing TIMING =
      new RoundSummary.Timing(1, List.of(1L, 2L), 3, 7);

  @TempDir private Path directory;

  @Test
  void eventsAreJsonObjectsOneALine() throws IOException {
    long before = System.currentTimeMillis();
    try (MetricsLog log = open(state(0, 0), 200)) {
      log.roundEnded(end(1, 2, new LossSum(1.5, 40)));
      log.validated(new Validation(0, 3, 280, 9));
      LossSum loss = new LossSum(8_000 * Math.log(16), 8_000);
      log.epochEnded(
          new EpochSummary(0, 0.5, loss, 178.125, 6_000, 4, state(1, 0), Best.NONE, "a cat\n"));
      log.tested(116.5);
    }

    long after = System.currentTimeMillis();
    for (String line : lines()) {
      assertThat(JSON.readTree(line.replace('\'', '"')).path("time_ms").asLong())
          .isBetween(before, after);
    }
    assertThat(lines())
        .map(line -> line.replaceAll("('time_ms'):\\d+", "$1:…"))
        .containsExactly(
            "{'event':'round','epoch':1,'round':2,'rate':0.25,'nats':1.5,'tokens':40,'gradient_norm':0.5,"
                + "'broadcast_ms':1,'compute_ms':2,'combine_ms':3,'total_ms':7,'worker_ms':[1,2],"
                + "'run_tokens':240,'time_ms':…}",
            "{'event':'validation','epoch':1,'round':3,'valid_perplexity':9.0,'run_tokens':280,"
                + "'time_ms':…}",
            "{'event':'epoch','epoch':1,'rate':0.5,'train_perplexity':15.999999999999998,"
                + "'valid_perplexity':178.125,'tokens':8000,'seconds':4.0,"
                + "'tokens_per_second':1500.0,'sample':'a cat\\n','run_tokens':240,'time_ms':…}",
            "{'event':'test','perplexity':116.5,'run_tokens':240,'time_ms':…}");
  }

  @Test
  void eventsCanBeReadWhileTheRunGoesOn() throws IOException {
    try (MetricsLog log = open(state(0, 0))) {
      assertThat(RunDirectoryTest.files(directory)).containsExactly("metrics.jsonl");
      log.roundEnded(end(1, 1, LossSum.ZERO));

      assertThat(lines()).hasSize(1);
    }
  }

  @ParameterizedTest
  @ValueSource(doubles = {Double.NaN, Double.POSITIVE_INFINITY})
  void whatJsonHasNoNumberForIsNull(double perplexity) throws IOException {
    try (MetricsLog log = open(state(0, 0))) {
      log.tested(perplexity);
      log.epochEnded(epoch(1, new LossSum(perplexity, 1), perplexity, 0, 0));
      log.roundEnded(end(1, 1, new LossSum(perplexity, 1)));
    }

    for (String line : Files.readAllLines(directory.resolve("metrics.jsonl"))) {
      JsonNode event = JSON.readTree(line);
      assertThat(event.isObject()).isTrue();
      event
          .fields()
          .forEachRemaining(
              field ->
                  assertThat(field.getValue().isNumber() || field.getValue().isNull())
                      .describedAs(field.toString())
                      .isEqualTo(!List.of("event", "worker_ms").contains(field.getKey())));
    }
  }

  @Test
  void resumingDropsWhatCameAfterTheCheckpoint() throws IOException {
    logTwoEpochs();

    open(state(1, 1)).close();

    assertThat(places()).containsExactly("round 1 1", "round 1 2", "epoch 1 0", "round 2 1");
  }

  @Test
  void resumingAtTheEndOfAnEpochKeepsAllOfIt() throws IOException {
    logTwoEpochs();

    open(state(1, 0)).close();

    assertThat(places()).containsExactly("round 1 1", "round 1 2", "epoch 1 0");
  }

  @Test
  void resumingAFinishedRunDropsTheTestThatItRepeats() throws IOException {
    logTwoEpochs();

    open(state(2, 0)).close();

    assertThat(places()).hasSize(6).doesNotContain("test 0 0").endsWith("round 2 2", "epoch 2 0");
  }

  @Test
  void resumingFromTheStartDropsEverything() throws IOException {
    logTwoEpochs();

    open(state(0, 0)).close();

    assertThat(lines()).isEmpty();
  }

  @Test
  void halfALineOfAKilledRunIsDropped() throws IOException {
    logTwoEpochs();
    String whole = "{\"event\":\"round\",\"epoch\":1,\"round\":1}";
    for (int length = 1; length < whole.length(); length++) {
      Files.writeString(
          directory.resolve("metrics.jsonl"),
          whole.substring(0, length),
          StandardOpenOption.APPEND);
      open(state(1, 0)).close();

      assertThat(places()).containsExactly("round 1 1", "round 1 2", "epoch 1 0");
    }
  }

  @Test
  void aKillBetweenRemovingTheOldFileAndRenamingTheNewLosesNothing() throws IOException {
    logTwoEpochs();
    Path file = directory.resolve("metrics.jsonl");
    Files.move(file, directory.resolve("metrics.jsonl.tmp"));

    open(state(1, 0)).close();

    assertThat(places()).containsExactly("round 1 1", "round 1 2", "epoch 1 0");
    assertThat(RunDirectoryTest.files(directory)).containsExactly("metrics.jsonl");
  }

  @Test
  void aResumedRunAppends() throws IOException {
    logTwoEpochs();

    try (MetricsLog log = open(state(1, 0))) {
      log.roundEnded(end(2, 1, new LossSum(3, 4)));
    }

    assertThat(places()).containsExactly("round 1 1", "round 1 2", "epoch 1 0", "round 2 1");
    assertThat(RunDirectoryTest.files(directory)).containsExactly("metrics.jsonl");
  }

  private void logTwoEpochs() throws IOException {
    try (MetricsLog log = open(state(0, 0))) {
      for (int epoch = 1; epoch <= 2; epoch++) {
        log.roundEnded(end(epoch, 1, LossSum.ZERO));
        log.roundEnded(end(epoch, 2, LossSum.ZERO));
        log.epochEnded(epoch(epoch, new LossSum(10, 80), 10, 80, 1));
      }
      log.tested(10);
    }
  }

  private MetricsLog open(TrainingState state) throws IOException {
    return open(state, 0);
  }

  private MetricsLog open(TrainingState state, long trained) throws IOException {
    return MetricsLog.open(
        AtomicFiles.on(FileSystem.getLocal(new Configuration())),
        new org.apache.hadoop.fs.Path(directory.resolve("metrics.jsonl").toString()),
        state,
        trained,
        List.of());
  }

  private static RoundSummary end(int epoch, int round, LossSum loss) {
    return new RoundSummary(state(epoch - 1, round), loss, 0.25, 0.5, TIMING, List.of());
  }

  /**
   * An epoch at rate 1.
   *
   * @param epoch from 1
   */
  private static EpochSummary epoch(
      int epoch, LossSum loss, double valid, long trained, double seconds) {
    return new EpochSummary(
        epoch - 1, 1, loss, valid, trained, seconds, state(epoch, 0), Best.NONE, "");
  }

  static TrainingState state(int epoch, int round) {
    return new TrainingState(
        epoch,
        round,
        LossSum.ZERO,
        new Trained(new float[1], new float[0]),
        new float[1],
        new float[0]);
  }

  private List<String> lines() throws IOException {
    return Files.readAllLines(directory.resolve("metrics.jsonl")).stream()
        .map(line -> line.replace('"', '\''))
        .toList();
  }

  /** Event, epoch and round of each line. */
  private List<String> places() throws IOException {
    List<String> places = new ArrayList<>();
    for (String line : Files.readAllLines(directory.resolve("metrics.jsonl"))) {
      JsonNode event = JSON.readTree(line);
      places.add(
          "%s %s %s"
              .formatted(
                  event.path("event").asText(),
                  event.path("epoch").asInt(),
                  event.path("round").asInt()));
    }
    return places;
  }
}
