package org.sparklstm.spark;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.BufferedReader;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStreamReader;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.util.function.Consumer;
import org.apache.hadoop.fs.CommonPathCapabilities;
import org.apache.hadoop.fs.FSDataOutputStream;
import org.apache.hadoop.fs.FileSystem;
import org.apache.hadoop.fs.Path;
import org.sparklstm.engine.LossSum;
import org.sparklstm.train.Checkpoint;

/**
 * {@code metrics.jsonl}: one JSON object a line, readable while training runs. On a file system
 * without append, an object store for instance, it appears when the run ends.
 */
final class MetricsLog implements AutoCloseable {
  private static final ObjectMapper JSON = new ObjectMapper();

  private final FSDataOutputStream out;

  private MetricsLog(FSDataOutputStream out) {
    this.out = out;
  }

  /** Opens the log of a run that goes on from {@code state}: what came after it is dropped. */
  static MetricsLog open(SavePath path, Checkpoint state) throws IOException {
    FileSystem fs = path.fileSystem();
    Path file = path.metrics();
    path.recover(file);
    if (!fs.hasPathCapability(file, CommonPathCapabilities.FS_APPEND)) {
      ByteArrayOutputStream kept = new ByteArrayOutputStream();
      copy(fs, file, state, kept);
      FSDataOutputStream out = fs.create(file, true);
      kept.writeTo(out);
      return new MetricsLog(out);
    }
    path.write(file, out -> copy(fs, file, state, out));
    return new MetricsLog(fs.append(file));
  }

  /** Copies the lines of {@code file}, if there is one, from before {@code state}. */
  private static void copy(FileSystem fs, Path file, Checkpoint state, OutputStream out)
      throws IOException {
    if (!fs.exists(file)) {
      return;
    }
    try (BufferedReader lines =
        new BufferedReader(new InputStreamReader(fs.open(file), StandardCharsets.UTF_8))) {
      for (String line = lines.readLine(); line != null; line = lines.readLine()) {
        if (isBefore(line, state)) {
          out.write((line + "\n").getBytes(StandardCharsets.UTF_8));
        }
      }
    }
  }

  private static boolean isBefore(String line, Checkpoint state) {
    try {
      JsonNode event = JSON.readTree(line);
      int epoch = event.path("epoch").asInt(Integer.MAX_VALUE) - 1;
      int round = event.path("round").asInt(Integer.MAX_VALUE);
      return epoch < state.epoch() || (epoch == state.epoch() && round <= state.round());
    } catch (IOException e) {
      return false; // the last line of a killed run may be half a line
    }
  }

  /** Logs a round; epochs and rounds count from 1. */
  void round(AveragingTrainer.RoundEnd round) throws IOException {
    AveragingTrainer.Timing timing = round.timing();
    write(
        "round",
        event -> {
          event.put("epoch", round.state().epoch() + 1).put("round", round.state().round());
          number(event, "nats", round.loss().nats());
          event.put("tokens", round.loss().tokens());
          number(event, "gradient_norm", round.gradientNorm());
          event
              .put("broadcast_ms", timing.broadcast())
              .put("compute_ms", timing.compute())
              .put("combine_ms", timing.combine())
              .put("total_ms", timing.total());
        });
  }

  /**
   * Logs an epoch, from 1.
   *
   * @param loss of the whole epoch
   * @param trained tokens that this process trained of it, all unless it resumed within the epoch
   * @param seconds that they took
   */
  void epoch(int epoch, double rate, LossSum loss, double valid, long trained, double seconds)
      throws IOException {
    write(
        "epoch",
        event -> {
          event.put("epoch", epoch);
          number(event, "rate", rate);
          number(event, "train_perplexity", loss.perplexity());
          number(event, "valid_perplexity", valid);
          event.put("tokens", loss.tokens());
          number(event, "seconds", seconds);
          number(event, "tokens_per_second", trained / Math.max(seconds, 1e-9));
        });
  }

  void test(double perplexity) throws IOException {
    write("test", event -> number(event, "perplexity", perplexity));
  }

  /** A number, or null for what JSON has no number for. */
  private static void number(ObjectNode event, String key, double value) {
    if (Double.isFinite(value)) {
      event.put(key, value);
    } else {
      event.putNull(key);
    }
  }

  private void write(String name, Consumer<ObjectNode> contents) throws IOException {
    ObjectNode event = JSON.createObjectNode().put("event", name);
    contents.accept(event);
    out.write((JSON.writeValueAsString(event) + "\n").getBytes(StandardCharsets.UTF_8));
    out.hflush();
  }

  @Override
  public void close() throws IOException {
    out.close();
  }
}
