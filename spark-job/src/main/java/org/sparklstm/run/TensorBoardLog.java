package org.sparklstm.run;

import static org.sparklstm.run.MetricsLog.value;

import com.fasterxml.jackson.databind.JsonNode;
import java.io.IOException;
import java.util.Locale;
import java.util.regex.Pattern;
import org.apache.hadoop.fs.FileStatus;
import org.apache.hadoop.fs.FileSystem;
import org.apache.hadoop.fs.Path;
import org.tensorflow.framework.Summary;

/**
 * {@code tensorboard/}: the numbers of {@code metrics.jsonl} as TensorBoard's scalars, by the
 * tokens trained since the run began. Each process of a run writes the file anew, with the events
 * that {@code metrics.jsonl} keeps, so no point is there twice.
 */
final class TensorBoardLog implements MetricsLog.Follower, RunListener {
  /** Which file of the directory is a run's; TensorBoard wants the first part of the name. */
  static final Pattern FILE = Pattern.compile("events\\.out\\.tfevents\\.\\d+\\.spark-lstm");

  private final GrowingFile out;

  private TensorBoardLog(GrowingFile out) {
    this.out = out;
  }

  /**
   * Begins a file in place of those that earlier processes of the run wrote. A TensorBoard that
   * reads them goes on to a later name.
   */
  static TensorBoardLog open(FileSystem fs, Path directory) throws IOException {
    fs.mkdirs(directory);
    for (FileStatus file : fs.listStatus(directory)) {
      if (FILE.matcher(file.getPath().getName()).matches()) {
        fs.delete(file.getPath(), false);
      }
    }
    double now = System.currentTimeMillis() / 1e3;
    String name = String.format(Locale.ROOT, "events.out.tfevents.%010d.spark-lstm", (long) now);
    GrowingFile out = new GrowingFile(fs.create(new Path(directory, name), true));
    TensorBoardLog log = new TensorBoardLog(out);
    try {
      out.write(TensorBoardRecord.version(now));
      out.write(TensorBoardRecord.start(now));
      out.flush();
    } catch (IOException e) {
      log.close();
      throw e;
    }
    return log;
  }

  @Override
  public void add(JsonNode event) throws IOException {
    Summary scalars = scalars(event);
    JsonNode step = event.path("run_tokens"); // which earlier versions did not log
    if (step.isNumber() && scalars.getValueCount() > 0) {
      out.write(TensorBoardRecord.scalars(value(event, "time_ms") / 1e3, step.asLong(), scalars));
    }
  }

  private static Summary scalars(JsonNode event) {
    Summary.Builder scalars = Summary.newBuilder();
    switch (event.path("event").asText()) {
      case "round" -> {
        double tokens = value(event, "tokens");
        double milliseconds = value(event, "total_ms");
        add(scalars, "round/perplexity", Math.exp(value(event, "nats") / tokens));
        add(scalars, "round/learning_rate", value(event, "rate"));
        add(scalars, "round/gradient_norm", value(event, "gradient_norm"));
        add(scalars, "round/tokens_per_second", 1000 * tokens / milliseconds);
        add(scalars, "round_ms/broadcast", value(event, "broadcast_ms"));
        add(scalars, "round_ms/compute", value(event, "compute_ms"));
        add(scalars, "round_ms/combine", value(event, "combine_ms"));
        add(scalars, "round_ms/total", milliseconds);
      }
      case "validation" -> add(scalars, "perplexity/valid", value(event, "valid_perplexity"));
      case "epoch" -> {
        add(scalars, "perplexity/train", value(event, "train_perplexity"));
        add(scalars, "perplexity/valid", value(event, "valid_perplexity"));
        add(scalars, "epoch/tokens_per_second", value(event, "tokens_per_second"));
      }
      case "test" -> add(scalars, "perplexity/test", value(event, "perplexity"));
      default -> {
        // of a later version
      }
    }
    return scalars.build();
  }

  /** Adds a scalar, unless it is infinite or NaN: there is no point to draw. */
  private static void add(Summary.Builder scalars, String tag, double value) {
    if (Float.isFinite((float) value)) {
      scalars.addValue(Summary.Value.newBuilder().setTag(tag).setSimpleValue((float) value));
    }
  }

  @Override
  public void flush() throws IOException {
    out.flush();
  }

  @Override
  public void close() throws IOException {
    out.close();
  }
}
