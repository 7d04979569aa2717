package org.sparklstm.bench;

import static org.apache.spark.sql.functions.callUDF;
import static org.apache.spark.sql.functions.col;
import static org.apache.spark.sql.functions.monotonically_increasing_id;
import static org.apache.spark.sql.functions.split;

import java.util.Locale;
import java.util.SplittableRandom;
import org.apache.hadoop.fs.Path;
import org.apache.spark.ml.feature.CountVectorizer;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.SparkSession;
import org.apache.spark.sql.api.java.UDF1;
import org.apache.spark.sql.types.DataTypes;
import org.sparklstm.ml.feature.SequenceBatcher;
import org.sparklstm.ml.feature.VocabularyIndexer;
import org.sparklstm.ml.feature.VocabularyIndexerModel;

/**
 * Prepares synthetic text of Zipf's frequencies, from lines to windows, and fits Spark's
 * CountVectorizer to the same lines: {@code PrepareBenchmark DIRECTORY TOKENS …}. Prints a table
 * row for each number of tokens.
 */
public final class PrepareBenchmark {
  private static final int WORDS_A_LINE = 20;
  private static final int TYPES = 200_000;
  private static final int VOCABULARY = 10_000;

  private PrepareBenchmark() {}

  /**
   * Measures.
   *
   * @param args a directory for the texts, which stay there, and numbers of tokens
   * @throws Exception if a job fails
   */
  public static void main(String[] args) throws Exception {
    try (SparkSession spark = SparkSession.builder().appName("PrepareBenchmark").getOrCreate()) {
      spark
          .udf()
          .register("zipfLine", (UDF1<Long, String>) PrepareBenchmark::line, DataTypes.StringType);
      int cores = spark.sparkContext().defaultParallelism();
      System.out.println(
          "| tokens | vocabulary s | windows s | tokens/s a core | CountVectorizer s |");
      System.out.println("|---|---|---|---|---|");
      for (int i = 1; i < args.length; i++) {
        measure(spark, args[0], Long.parseLong(args[i]), cores);
      }
    }
  }

  private static String line(long number) {
    SplittableRandom random = new SplittableRandom(number);
    StringBuilder line = new StringBuilder();
    for (int word = 0; word < WORDS_A_LINE; word++) {
      line.append(word == 0 ? "" : " ")
          .append('w')
          .append((int) Math.pow(TYPES, random.nextDouble()));
    }
    return line.toString();
  }

  private static void measure(SparkSession spark, String directory, long tokens, int cores)
      throws Exception {
    String text = directory + "/zipf-" + tokens;
    if (!new Path(text)
        .getFileSystem(spark.sparkContext().hadoopConfiguration())
        .exists(new Path(text))) {
      spark.range(tokens / WORDS_A_LINE).select(callUDF("zipfLine", col("id"))).write().text(text);
    }
    Dataset<Row> lines =
        spark
            .read()
            .text(text)
            .select(
                monotonically_increasing_id().as("position"),
                split(col("value"), " ").as("tokens"));
    long began = System.nanoTime();
    VocabularyIndexerModel indexer =
        new VocabularyIndexer().setVocabularySize(VOCABULARY).fit(lines);
    long indexed = System.nanoTime();
    long windows =
        new SequenceBatcher()
            .setLanes(20)
            .setWindow(35)
            .transform(indexer.transform(lines))
            .count();
    long batched = System.nanoTime();
    int counted =
        new CountVectorizer()
            .setInputCol("tokens")
            .setVocabSize(VOCABULARY)
            .fit(lines)
            .vocabulary()
            .length;
    long end = System.nanoTime();
    if (windows != (tokens / 20 - 1) / 35 * 20 || counted != VOCABULARY) {
      throw new IllegalStateException(windows + " windows, " + counted + " words");
    }
    System.out.printf(
        Locale.ROOT,
        "| %,d | %.1f | %.1f | %,.0f | %.1f |%n",
        tokens,
        (indexed - began) / 1e9,
        (batched - indexed) / 1e9,
        tokens / ((batched - began) / 1e9) / cores,
        (end - batched) / 1e9);
  }
}
