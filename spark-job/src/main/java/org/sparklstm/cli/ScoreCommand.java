package org.sparklstm.cli;

import static org.apache.spark.sql.functions.coalesce;
import static org.apache.spark.sql.functions.col;
import static org.apache.spark.sql.functions.count;
import static org.apache.spark.sql.functions.expr;
import static org.apache.spark.sql.functions.lit;
import static org.apache.spark.sql.functions.sum;
import static org.apache.spark.sql.functions.when;

import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.concurrent.Callable;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.apache.spark.sql.Column;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.SparkSession;
import org.apache.spark.storage.StorageLevel;
import org.sparklstm.cluster.ExecutorMemory;
import org.sparklstm.cluster.SparkStart;
import org.sparklstm.cluster.Watchdog;
import org.sparklstm.documents.Documents;
import org.sparklstm.documents.Output;
import org.sparklstm.error.ConfigurationException;
import org.sparklstm.ml.LstmLmModel;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** The command line of {@code PtbScore}. */
@Command(
    name = "PtbScore",
    mixinStandardHelpOptions = true,
    sortOptions = false,
    description =
        "Ranks and filters documents by their perplexity under a trained model. It adds the fields"
            + " perplexity, perplexity_log_probability (nats), perplexity_tokens and perplexity_unknown,"
            + " and keeps all others as they are.",
    exitCodeListHeading = "%nExit codes:%n",
    exitCodeList = {"0:done", "1:failed, or the documents cannot be used", "2:wrong usage"})
public final class ScoreCommand implements Callable<Integer> {
  private static final List<Integer> PERCENTILES =
      List.of(1, 5, 10, 25, 30, 50, 60, 75, 90, 95, 99);

  @Mixin private ModelPath modelPath = new ModelPath();

  @Option(
      names = "--input",
      paramLabel = "<uri>",
      required = true,
      arity = "1..*",
      description = "Files or directories, on any Hadoop file system; also .gz")
  private List<String> inputs;

  @Option(
      names = "--format",
      paramLabel = "text|json|parquet",
      defaultValue = "json",
      description =
          "text: a document a line; json: an object a line; parquet (default: ${DEFAULT-VALUE})")
  private String format;

  @Option(
      names = "--text-field",
      paramLabel = "<name>",
      defaultValue = "text",
      description = "Field that is scored (default: ${DEFAULT-VALUE})")
  private String textField;

  @Option(
      names = "--output",
      paramLabel = "<uri>",
      description =
          "Directory for the documents with their scores, in the format of the input; text becomes"
              + " json (default: only print what was found)")
  private String output;

  @Option(
      names = "--overwrite",
      description =
          "Replace what an earlier PtbScore wrote to --output; other files there are refused")
  private boolean overwrite;

  @Option(
      names = "--output-field",
      paramLabel = "<name>",
      defaultValue = "perplexity",
      description =
          "Name of the perplexity; the other fields' names begin with it (default: ${DEFAULT-VALUE})")
  private String outputField;

  @Option(
      names = "--min",
      paramLabel = "<x>",
      description = "Write only documents of at least this perplexity")
  private Double least;

  @Option(
      names = "--max",
      paramLabel = "<x>",
      description = "Write only documents of at most this perplexity")
  private Double most;

  @Option(
      names = "--buckets",
      paramLabel = "<percentiles>",
      split = ",",
      description =
          "Add a field …_bucket: with two percentiles, as 30,60, it is head, middle or tail; else the"
              + " bucket's number, from 0")
  private List<Double> buckets = List.of();

  @Option(
      names = "--sample",
      paramLabel = "<share>",
      defaultValue = "1",
      description = "Score only this share of the documents, to look for cut-offs (default: all)")
  private double sample;

  @Option(
      names = "--seed",
      paramLabel = "<n>",
      defaultValue = "1",
      description = "Another seed gives another sample (default: ${DEFAULT-VALUE})")
  private long seed;

  @Option(
      names = "--state",
      paramLabel = "line|document",
      defaultValue = "line",
      description =
          "line: each line begins with a fresh state; document: each document (default: ${DEFAULT-VALUE})")
  private String state;

  @Option(
      names = "--unknown",
      paramLabel = "penalise|exclude|count",
      defaultValue = "penalise",
      description =
          "Words outside the vocabulary share the probability of <unk>, do not count, or count as <unk>"
              + " (default: ${DEFAULT-VALUE})")
  private String unknown;

  @Option(
      names = "--unknown-words",
      paramLabel = "<n>",
      defaultValue = "1000000",
      description = "Words of the language, for penalise (default: ${DEFAULT-VALUE})")
  private long unknownWords;

  @Option(
      names = "--max-tokens",
      paramLabel = "<n>",
      description = "Words of a document that count (default: all)")
  private Integer maxTokens;

  @Override
  public Integer call() throws Exception {
    inputs.forEach(path -> Commands.requireDecoded("--input", path));
    Commands.requireDecoded("--output", output);
    Documents.Format documentFormat = documentFormat();
    requireSane();
    SparkSession spark = SparkStart.start("PtbScore", Commands.START_LIMIT);
    try (Watchdog watchdog = new Watchdog(spark.sparkContext(), Commands.TASK_LIMIT)) {
      try {
        score(spark, documentFormat);
        return CommandLine.ExitCode.OK;
      } catch (IllegalArgumentException e) { // of a parameter of the model
        throw new ConfigurationException(e.getMessage(), e);
      } catch (Exception e) { // Scala throws what it does not declare
        throw watchdog.explained(e);
      }
    } finally {
      spark.stop();
    }
  }

  private Documents.Format documentFormat() {
    return Arrays.stream(Documents.Format.values())
        .filter(value -> value.name().toLowerCase(Locale.ROOT).equals(format))
        .findFirst()
        .orElseThrow(
            () ->
                new ConfigurationException(
                    "--format must be text, json or parquet, is '%s'".formatted(format)));
  }

  private void requireSane() {
    if (!(sample > 0) || sample > 1) {
      throw new ConfigurationException("--sample must be in (0, 1], is " + sample);
    }
    for (int i = 0; i < buckets.size(); i++) {
      double percentile = buckets.get(i);
      if (!(percentile > (i == 0 ? 0 : buckets.get(i - 1))) || percentile >= 100) {
        throw new ConfigurationException(
            "--buckets must be rising percentiles between 0 and 100, are " + buckets);
      }
    }
    if (least != null && most != null && least > most) {
      throw new ConfigurationException("--min %s is more than --max %s".formatted(least, most));
    }
  }

  private void score(SparkSession spark, Documents.Format documentFormat) {
    if (output != null) {
      new Output(output, overwrite).requireFree(spark.sparkContext().hadoopConfiguration(), inputs);
    }
    LstmLmModel model =
        LstmLmModel.fromFiles(modelPath.uri())
            .setPerplexityCol(outputField)
            .setLogProbabilityCol(outputField + "_log_probability")
            .setTokensCol(outputField + "_tokens")
            .setUnknownCol(outputField + "_unknown")
            .setState(state)
            .setUnknown(unknown)
            .setUnknownWords(unknownWords);
    if (maxTokens != null) {
      model.setMaxTokens(maxTokens);
    }
    ExecutorMemory.requireToScore(spark.sparkContext(), model.shape(), LstmLmModel.LANES);
    List<String> added =
        Stream.of("", "_log_probability", "_tokens", "_unknown", "_bucket")
            .map(suffix -> outputField + suffix)
            .toList();
    Documents documents = Documents.read(spark, documentFormat, inputs, textField, added);
    Dataset<Row> some =
        sample == 1 ? documents.rows() : documents.rows().sample(false, sample, seed);
    Dataset<Row> scored =
        model
            .setInputCol(documents.textColumn())
            .transform(some)
            .persist(StorageLevel.DISK_ONLY()); // so that each document is scored once
    long began = System.nanoTime();
    Row found = summary(scored);
    report(found, (System.nanoTime() - began) / 1e9);
    Dataset<Row> kept = buckets.isEmpty() ? scored : withBuckets(scored, found.getList(4));
    Column keeps = keeps();
    if (least != null || most != null) {
      kept = kept.where(keeps);
      System.out.println(
          String.format(Locale.ROOT, "kept            %,d", scored.where(keeps).count()));
    }
    if (output != null) {
      documents.write(kept, output, overwrite);
    }
  }

  /** Documents, with perplexity, Σ tokens, Σ unknown words, cut-offs of buckets, percentiles. */
  private Row summary(Dataset<Row> scored) {
    return scored
        .agg(
            count(lit(1)),
            count(col(outputField)),
            coalesce(sum(col(outputField + "_tokens")), lit(0L)),
            coalesce(sum(col(outputField + "_unknown")), lit(0L)),
            percentiles(buckets.stream().map(percentile -> percentile / 100).toList()),
            percentiles(PERCENTILES.stream().map(percentile -> percentile / 100.0).toList()))
        .head();
  }

  private Column percentiles(List<Double> shares) {
    return shares.isEmpty()
        ? lit(null)
        : expr(
            "percentile_approx(`%s`, array(%s))"
                .formatted(
                    outputField,
                    shares.stream().map(share -> share + "D").collect(Collectors.joining(", "))));
  }

  private static void report(Row found, double seconds) {
    long documents = found.getLong(0);
    long tokens = found.getLong(2);
    print("documents       %,d, %,.0f a second", documents, documents / seconds);
    print("without words   %,d", documents - found.getLong(1));
    print("words           %,d, %,.0f a second", tokens, tokens / seconds);
    print("unknown words   %.2f %%", tokens == 0 ? 0.0 : 100.0 * found.getLong(3) / tokens);
    if (!found.isNullAt(5)) {
      print("percentile      perplexity");
      List<Double> values = found.getList(5);
      for (int i = 0; i < PERCENTILES.size(); i++) {
        print("%10d      %.1f", PERCENTILES.get(i), values.get(i));
      }
    }
  }

  private static void print(String text, Object... values) {
    System.out.println(String.format(Locale.ROOT, text, values));
  }

  private Dataset<Row> withBuckets(Dataset<Row> scored, List<Double> cuts) {
    List<String> names =
        buckets.size() == 2
            ? List.of("head", "middle", "tail")
            : IntStream.rangeClosed(0, buckets.size()).mapToObj(Integer::toString).toList();
    Column bucket = when(col(outputField).isNotNull(), names.get(buckets.size()));
    for (int i = buckets.size() - 1; cuts != null && i >= 0; i--) {
      bucket = when(col(outputField).leq(cuts.get(i)), names.get(i)).otherwise(bucket);
    }
    return scored.withColumn(outputField + "_bucket", bucket);
  }

  private Column keeps() {
    Column keeps = col(outputField).isNotNull();
    keeps = least == null ? keeps : keeps.and(col(outputField).geq(least));
    return most == null ? keeps : keeps.and(col(outputField).leq(most));
  }
}
