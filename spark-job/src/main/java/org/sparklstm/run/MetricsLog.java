package org.sparklstm.run;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.BufferedReader;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStreamReader;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Consumer;
import org.apache.hadoop.fs.CommonPathCapabilities;
import org.apache.hadoop.fs.FSDataOutputStream;
import org.apache.hadoop.fs.FileSystem;
import org.apache.hadoop.fs.Path;
import org.sparklstm.files.AtomicFiles;
import org.sparklstm.train.RoundSummary;
import org.sparklstm.train.TrainingState;

/**
 * {@code metrics.jsonl}: one JSON object a line, readable while training runs. On a file system
 * without append, an object store for instance, it appears when the run ends.
 */
final class MetricsLog implements RunListener {
  private static final ObjectMapper JSON = new ObjectMapper();

  private final GrowingFile out;
  private final List<Follower> followers;
  private long trained;

  /** Takes the events too. */
  interface Follower {
    /** An event that was just logged, or one that a run which continues has kept. */
    void add(JsonNode event) throws IOException;

    /** For now there are no more events. */
    default void flush() throws IOException {}
  }

  private MetricsLog(FSDataOutputStream out, long trained, List<Follower> followers) {
    this.out = new GrowingFile(out);
    this.trained = trained;
    this.followers = followers;
  }

  /**
   * Opens the log of a run that continues from {@code state}: what came after it is dropped.
   *
   * @param trained tokens of all lanes up to there
   * @param followers take each event, first those that are kept
   */
  static MetricsLog open(
      AtomicFiles files, Path file, TrainingState state, long trained, List<Follower> followers)
      throws IOException {
    FileSystem fs = files.fileSystem();
    files.recover(file);
    if (!fs.hasPathCapability(file, CommonPathCapabilities.FS_APPEND)) {
      ByteArrayOutputStream kept = new ByteArrayOutputStream();
      copy(fs, file, state, kept, followers);
      MetricsLog log = new MetricsLog(fs.create(file, true), trained, followers);
      try {
        log.out.write(kept.toByteArray());
      } catch (IOException e) {
        log.close();
        throw e;
      }
      return log;
    }
    files.write(file, out -> copy(fs, file, state, out, followers));
    return new MetricsLog(fs.append(file), trained, followers);
  }

  /** Copies the lines of {@code file}, if there is one, from before {@code state}. */
  private static void copy(
      FileSystem fs, Path file, TrainingState state, OutputStream out, List<Follower> followers)
      throws IOException {
    read(
        fs,
        file,
        (line, event) -> {
          if (isBefore(event, state)) {
            out.write((line + "\n").getBytes(StandardCharsets.UTF_8));
            for (Follower follower : followers) {
              follower.add(event);
            }
          }
        });
    for (Follower follower : followers) {
      follower.flush();
    }
  }

  /** Takes a line and its event. */
  private interface Taker {
    void take(String line, JsonNode event) throws IOException;
  }

  /** Reads the lines of {@code file}, if there is one: of a long run there may be millions. */
  private static void read(FileSystem fs, Path file, Taker taker) throws IOException {
    if (!fs.exists(file)) {
      return;
    }
    try (BufferedReader lines =
        new BufferedReader(new InputStreamReader(fs.open(file), StandardCharsets.UTF_8))) {
      for (String line = lines.readLine(); line != null; line = lines.readLine()) {
        JsonNode event;
        try {
          event = JSON.readTree(line);
        } catch (JsonProcessingException e) {
          continue; // the last line of a killed run may be half a line
        }
        taker.take(line, event);
      }
    }
  }

  /** The events of {@code file} but for those of rounds; none if there is no such file. */
  static List<JsonNode> results(FileSystem fs, Path file) throws IOException {
    List<JsonNode> events = new ArrayList<>();
    read(
        fs,
        file,
        (line, event) -> {
          if (!event.path("event").asText().equals("round")) {
            events.add(event);
          }
        });
    return events;
  }

  private static boolean isBefore(JsonNode event, TrainingState state) {
    int epoch = event.path("epoch").asInt(Integer.MAX_VALUE) - 1;
    int round = event.path("round").asInt(Integer.MAX_VALUE);
    return epoch < state.epoch() || (epoch == state.epoch() && round <= state.round());
  }

  @Override
  public void validated(Validation validation) throws IOException {
    write(
        "validation",
        validation.tokens(),
        event -> {
          event.put("epoch", validation.epoch() + 1).put("round", validation.round());
          number(event, "valid_perplexity", validation.perplexity());
        });
  }

  /** Epochs and rounds count from 1. */
  @Override
  public void roundEnded(RoundSummary round) throws IOException {
    RoundSummary.Timing timing = round.timing();
    trained += round.loss().tokens();
    write(
        "round",
        trained,
        event -> {
          event.put("epoch", round.state().epoch() + 1).put("round", round.state().round());
          number(event, "rate", round.rate());
          number(event, "nats", round.loss().nats());
          event.put("tokens", round.loss().tokens());
          number(event, "gradient_norm", round.gradientNorm());
          event
              .put("broadcast_ms", timing.broadcast())
              .put("compute_ms", timing.slowest())
              .put("combine_ms", timing.combine())
              .put("total_ms", timing.total());
          timing.compute().forEach(event.putArray("worker_ms")::add);
          if (!round.gpus().isEmpty()) {
            round.gpus().forEach(event.putArray("worker_gpus")::add);
          }
        });
  }

  @Override
  public void epochEnded(EpochSummary epoch) throws IOException {
    write(
        "epoch",
        trained,
        event -> {
          event.put("epoch", epoch.epoch() + 1);
          number(event, "rate", epoch.rate());
          number(event, "train_perplexity", epoch.loss().perplexity());
          number(event, "valid_perplexity", epoch.valid());
          event.put("tokens", epoch.loss().tokens());
          number(event, "seconds", epoch.seconds());
          number(event, "tokens_per_second", epoch.trained() / Math.max(epoch.seconds(), 1e-9));
          if (!epoch.sample().isEmpty()) {
            event.put("sample", epoch.sample());
          }
        });
  }

  @Override
  public void tested(double perplexity) throws IOException {
    write("test", trained, event -> number(event, "perplexity", perplexity));
  }

  /** A number, or null for what JSON has no number for. */
  private static void number(ObjectNode event, String key, double value) {
    if (Double.isFinite(value)) {
      event.put(key, value);
    } else {
      event.putNull(key);
    }
  }

  /** A number of an event; NaN if it has none. */
  static double value(JsonNode event, String key) {
    return event.path(key).isNumber() ? event.path(key).asDouble() : Double.NaN;
  }

  private void write(String name, long tokens, Consumer<ObjectNode> contents) throws IOException {
    ObjectNode event = JSON.createObjectNode().put("event", name);
    contents.accept(event);
    event.put("run_tokens", tokens).put("time_ms", System.currentTimeMillis());
    out.write((JSON.writeValueAsString(event) + "\n").getBytes(StandardCharsets.UTF_8));
    out.flush();
    for (Follower follower : followers) {
      follower.add(event);
      follower.flush();
    }
  }

  @Override
  public void close() throws IOException {
    out.close();
  }
}
