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
import org.apache.hadoop.fs.CommonPathCapabilities;
import org.apache.hadoop.fs.FSDataOutputStream;
import org.apache.hadoop.fs.FileSystem;
import org.apache.hadoop.fs.Path;
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
        event("round")
            .put("epoch", round.state().epoch() + 1)
            .put("round", round.state().round())
            .put("nats", round.loss().nats())
            .put("tokens", round.loss().tokens())
            .put("gradient_norm", round.gradientNorm())
            .put("broadcast_ms", timing.broadcast())
            .put("compute_ms", timing.compute())
            .put("combine_ms", timing.combine())
            .put("total_ms", timing.total()));
  }

  /** Logs an epoch, from 1; tokens and seconds are those of this process. */
  void epoch(int epoch, double rate, double train, double valid, long tokens, double seconds)
      throws IOException {
    write(
        event("epoch")
            .put("epoch", epoch)
            .put("rate", rate)
            .put("train_perplexity", train)
            .put("valid_perplexity", valid)
            .put("tokens", tokens)
            .put("seconds", seconds)
            .put("tokens_per_second", tokens / Math.max(seconds, 1e-9)));
  }

  void test(double perplexity) throws IOException {
    write(event("test").put("perplexity", perplexity));
  }

  private static ObjectNode event(String name) {
    return JSON.createObjectNode().put("event", name);
  }

  private void write(ObjectNode event) throws IOException {
    out.write((JSON.writeValueAsString(event) + "\n").getBytes(StandardCharsets.UTF_8));
    out.hflush();
  }

  @Override
  public void close() throws IOException {
    out.close();
  }
}
