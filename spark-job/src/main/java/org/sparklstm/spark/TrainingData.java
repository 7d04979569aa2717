package org.sparklstm.spark;

import static org.apache.spark.sql.functions.array;
import static org.apache.spark.sql.functions.coalesce;
import static org.apache.spark.sql.functions.col;
import static org.apache.spark.sql.functions.concat;
import static org.apache.spark.sql.functions.explode;
import static org.apache.spark.sql.functions.lit;
import static org.apache.spark.sql.functions.not;
import static org.apache.spark.sql.functions.size;
import static org.apache.spark.sql.functions.sum;
import static org.apache.spark.sql.functions.udf;

import java.util.function.IntSupplier;
import org.apache.hadoop.fs.Path;
import org.apache.spark.api.java.JavaRDD;
import org.apache.spark.ml.feature.RegexTokenizer;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.SparkSession;
import org.apache.spark.sql.api.java.UDF1;
import org.apache.spark.sql.types.DataTypes;
import org.apache.spark.storage.StorageLevel;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.sparklstm.config.ConfigurationException;
import org.sparklstm.config.Settings;
import org.sparklstm.ml.SequenceBatcher;
import org.sparklstm.ml.VocabularyIndexer;
import org.sparklstm.ml.VocabularyIndexerModel;
import org.sparklstm.text.LaneShard;
import org.sparklstm.text.Lanes;
import org.sparklstm.text.Vocabulary;
import org.sparklstm.train.LaneSplit;

/**
 * A corpus turned into what training reads: text lines → tokens → ids → lanes → windows → one
 * cached shard for each worker.
 *
 * @param digest of all lines, wherever and however they are stored
 * @param train shards of the training part, one a worker
 * @param valid shards of the validation part, cut like the training part
 * @param test the test part as one lane, down to its last token
 * @param windows windows of an epoch
 * @param split how the lanes are shared; also decides the number of workers
 */
record TrainingData(
    Vocabulary vocabulary,
    String digest,
    LaneSplit split,
    int windows,
    JavaRDD<LaneShard> train,
    JavaRDD<LaneShard> valid,
    JavaRDD<LaneShard> test)
    implements AutoCloseable {
  private static final Logger LOG = LoggerFactory.getLogger(TrainingData.class);
  private static final String TOKENS = "tokens";
  private static final StorageLevel STORAGE = StorageLevel.MEMORY_AND_DISK();

  /** The test lane is scored to its last token, so the length of its windows changes no result. */
  private static final int TEST_WINDOW = 64;

  private static final LaneSplit ONE_LANE = new LaneSplit(1, 1);

  /**
   * Reads and checks the whole corpus.
   *
   * @param workers chooses the number of workers; called once executors have done their first work
   * @throws InputException naming the file that cannot be used
   * @throws ConfigurationException if there are more workers than lanes
   */
  static TrainingData prepare(
      SparkSession spark, String dataPath, Settings settings, IntSupplier workers) {
    CorpusReader reader = new CorpusReader(spark, dataPath);
    Path trainFile = reader.file("train");
    Path validFile = reader.file("valid");
    Path testFile = reader.file("test");
    // Each pass over the tokens would read and split the text again.
    CorpusReader.Part train = reader.read(trainFile);
    CorpusReader.Part valid = reader.read(validFile);
    CorpusReader.Part test = reader.read(testFile);
    Dataset<Row> trainTokens = tokens(train.lines()).persist(STORAGE);
    Dataset<Row> validTokens = tokens(valid.lines()).persist(STORAGE);
    Dataset<Row> testTokens = tokens(test.lines()).persist(STORAGE);
    try {
      int lanes = settings.data().lanes();
      int window = settings.data().window();
      Lanes trainCut = cut(trainFile, trainTokens, lanes, window, false);
      Lanes validCut = cut(validFile, validTokens, lanes, window, false);
      Lanes testCut = cut(testFile, testTokens, 1, TEST_WINDOW, true);
      LaneSplit split = new LaneSplit(lanes, workers.getAsInt());

      VocabularyIndexerModel indexer =
          new VocabularyIndexer()
              .setInputCol(TOKENS)
              .setVocabularySize(settings.vocabulary().size())
              .fit(trainTokens);
      Vocabulary vocabulary = indexer.vocabulary();
      reportUnknown(validFile, validTokens, vocabulary);
      reportUnknown(testFile, testTokens, vocabulary);
      return new TrainingData(
          vocabulary,
          String.join(", ", train.digest(), valid.digest(), test.digest()),
          split,
          trainCut.windows(),
          shards(indexer.transform(trainTokens), trainCut, split),
          shards(indexer.transform(validTokens), validCut, split),
          shards(indexer.transform(testTokens), testCut, ONE_LANE));
    } finally {
      trainTokens.unpersist();
      validTokens.unpersist();
      testTokens.unpersist();
    }
  }

  /** Adds to lines (position, line) their words and {@code <eos>}: (position, tokens). */
  static Dataset<Row> tokens(Dataset<Row> lines) {
    return new RegexTokenizer()
        .setInputCol("line")
        .setOutputCol("words")
        .setPattern("(?U)\\s+")
        .setToLowercase(false)
        .transform(lines)
        .select(
            col("position"),
            concat(col("words"), array(lit(Vocabulary.END_OF_SENTENCE))).as(TOKENS));
  }

  private static Lanes cut(
      Path file, Dataset<Row> tokens, int lanes, int window, boolean keepsPartialWindow) {
    long length = tokens.agg(coalesce(sum(size(col(TOKENS))), lit(0L))).head().getLong(0);
    Lanes cut = new Lanes(length, lanes, window, keepsPartialWindow);
    if (cut.predictions() == 0) {
      throw new InputException(
          ("Cannot cut %s into windows: its %,d tokens in %d lanes are %,d a lane, and a window of %d needs"
                  + " %d; lower data.lanes or data.window")
              .formatted(file, length, lanes, cut.laneLength(), window, window + 1));
    }
    if (cut.laneLength() > Integer.MAX_VALUE - 8) {
      throw new InputException(
          "Cannot cut %s: its %,d tokens in %d lanes are more than 2^31 a lane; raise data.lanes"
              .formatted(file, length, lanes));
    }
    return cut;
  }

  private static void reportUnknown(Path file, Dataset<Row> tokens, Vocabulary vocabulary) {
    UDF1<String, Boolean> contains = vocabulary::contains;
    Dataset<Row> unknown =
        tokens
            .select(explode(col(TOKENS)).as("word"))
            .where(not(udf(contains, DataTypes.BooleanType).apply(col("word"))));
    long count = unknown.count();
    if (count > 0 && !vocabulary.contains(Vocabulary.UNKNOWN)) {
      throw new InputException(
          ("Cannot score %s: %,d of its tokens (one is '%s') are not in the vocabulary, and the training"
                  + " text has no %s to stand for them; lower vocabulary.size so that its rare words do")
              .formatted(file, count, unknown.head().getString(0), Vocabulary.UNKNOWN));
    }
    LOG.info("{}: {} tokens outside the vocabulary count as {}", file, count, Vocabulary.UNKNOWN);
  }

  private static JavaRDD<LaneShard> shards(Dataset<Row> ids, Lanes cut, LaneSplit split) {
    Dataset<Row> windows =
        new SequenceBatcher()
            .setLanes(cut.lanes())
            .setWindow(cut.window())
            .setKeepPartialWindow(cut.keepsPartialWindow())
            .transform(ids);
    JavaRDD<LaneShard> shards = LaneShards.of(windows, cut, split).persist(STORAGE);
    shards.count(); // while the tokens are there
    return shards;
  }

  @Override
  public void close() {
    train.unpersist();
    valid.unpersist();
    test.unpersist();
  }
}
