package org.sparklstm.app;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.stream.Stream;
import org.apache.hadoop.conf.Configuration;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.sparklstm.corpus.Texts;
import org.sparklstm.run.RunDirectory;
import org.sparklstm.run.RunDirectory.ExistingRun;
import org.sparklstm.testing.Corpus;
import org.sparklstm.testing.EventFile;
import org.sparklstm.testing.EventFile.Point;
import org.sparklstm.testing.LocalSpark;
import org.sparklstm.text.Normalization;

/**
 * Validation by tokens. An epoch has 2 lanes of 94 windows of 2 tokens, in 18 rounds of 20 tokens
 * and one of 16: 376 tokens.
 */
class ValidateEveryTest {
  private static final ObjectMapper JSON = new ObjectMapper();
  private static final String NEVER = "train.validate-every=0";

  @TempDir private Path directory;

  @Test
  void theRoundThatReachesAMultipleIsValidatedAndSaved() throws IOException {
    String printed = train("run", ExistingRun.REFUSE, "train.validate-every=150");

    // 300 tokens are 15 rounds; 450 are an epoch and 4 rounds; 750 are reached in the last round.
    assertThat(validations("run")).containsExactly("1 8 160", "1 15 300", "2 4 456", "2 12 616");
    assertThat(checkpoints("run"))
        .containsExactly("0 0", "0 8", "0 15", "1 0", "1 4", "1 12", "2 0");
    assertThat(printed).isEqualTo(train("other", ExistingRun.REFUSE, NEVER));
    assertThat(validations("other")).isEmpty();
    assertThat(checkpoints("other")).containsExactly("0 0", "1 0", "2 0");
    assertThat(weights("run")).hasSameBinaryContentAs(weights("other"));
  }

  @Test
  void aRunThatIsResumedValidatesAtTheSamePoints() throws IOException {
    train("run", ExistingRun.REFUSE, "train.validate-every=150");
    List<String> events = events("run");
    List<Point> points = points("run");
    byte[] model = Files.readAllBytes(weights("run"));
    for (String later : List.of("0-round-000000015", "1-round-0000000", "2-round-000000000")) {
      try (Stream<Path> files = Files.list(directory.resolve("run/checkpoints"))) {
        for (Path file : files.filter(f -> f.toString().contains(later)).toList()) {
          Files.delete(file);
        }
      }
    }

    train("run", ExistingRun.RESUME, "train.validate-every=150"); // from round 8

    assertThat(events("run")).isEqualTo(events).hasSize(2 * (19 + 1 + 2) + 1);
    assertThat(weights("run")).hasBinaryContent(model);
    assertThat(points("run")).isEqualTo(points).hasSize(2 * (19 * 3 + 1 * 1 + 2 * 1 + 1) + 1);
  }

  private String train(String run, ExistingRun existing, String every) throws IOException {
    Corpus.write(directory, "", Corpus.TRAIN.repeat(20), Corpus.VALID, Corpus.TEST);
    RunDirectory saved =
        RunDirectory.open(directory.resolve(run).toString(), new Configuration(), existing);
    ByteArrayOutputStream out = new ByteArrayOutputStream();
    new TrainJob(
            LocalSpark.session(),
            Optional.of(saved),
            List.of(new TutorialLines(new PrintStream(out, true, StandardCharsets.UTF_8))))
        .run(
            Corpus.settings(
                every,
                "train.epochs=2",
                "averaging.period=5",
                "cluster.workers=2",
                "checkpoint.keep=99",
                "checkpoint.every-rounds=0"),
            () -> Texts.ofFiles(LocalSpark.session(), directory.toString(), Normalization.NONE));
    return out.toString(StandardCharsets.UTF_8);
  }

  private Path weights(String run) {
    return directory.resolve(run).resolve("model/model.safetensors");
  }

  /** Epoch, round and tokens of each validation within an epoch. */
  private List<String> validations(String run) throws IOException {
    List<String> validations = new ArrayList<>();
    for (String line : Files.readAllLines(directory.resolve(run).resolve("metrics.jsonl"))) {
      JsonNode event = JSON.readTree(line);
      if (event.path("event").asText().equals("validation")) {
        assertThat(event.path("valid_perplexity").asDouble()).isBetween(1.0, 99.0);
        validations.add(
            "%s %s %s"
                .formatted(event.path("epoch"), event.path("round"), event.path("run_tokens")));
      }
    }
    return validations;
  }

  /** All events, without what is measured by a clock. */
  private List<String> events(String run) throws IOException {
    return Files.readAllLines(directory.resolve(run).resolve("metrics.jsonl")).stream()
        .map(line -> line.replaceAll("\"\\w*(_ms|seconds|_second)\":(\\[.*?\\]|[^,}]*)", ""))
        .toList();
  }

  /** What TensorBoard shows, without what is measured by a clock. */
  private List<Point> points(String run) throws IOException {
    return EventFile.onlyOneOf(directory.resolve(run).resolve("tensorboard")).points().stream()
        .filter(point -> !point.tag().matches(".*(_ms|_second).*"))
        .map(point -> new Point(point.tag(), point.step(), point.value(), 0))
        .toList();
  }

  /** Epoch, from 0, and round of each checkpoint. */
  private List<String> checkpoints(String run) throws IOException {
    try (Stream<Path> files = Files.list(directory.resolve(run).resolve("checkpoints"))) {
      return files
          .map(file -> file.getFileName().toString())
          .filter(name -> name.startsWith("epoch")) // and no checksum
          .sorted()
          .map(name -> name.replaceAll("epoch-0*(\\d+)-round-0*(\\d+)\\.safetensors", "$1 $2"))
          .toList();
    }
  }
}
