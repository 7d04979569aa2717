package org.sparklstm.corpus;

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
import static org.apache.spark.sql.functions.when;

import java.util.List;
import java.util.function.LongFunction;
import org.apache.hadoop.fs.Path;
import org.apache.spark.ml.feature.RegexTokenizer;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.SparkSession;
import org.apache.spark.sql.api.java.UDF1;
import org.apache.spark.sql.types.DataTypes;
import org.apache.spark.storage.StorageLevel;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.sparklstm.averaging.ShardedLanes;
import org.sparklstm.config.Settings;
import org.sparklstm.error.ConfigurationException;
import org.sparklstm.error.InputException;
import org.sparklstm.ml.SequenceBatcher;
import org.sparklstm.ml.VocabularyIndexer;
import org.sparklstm.ml.VocabularyIndexerModel;
import org.sparklstm.text.LaneAssignment;
import org.sparklstm.text.TextCut;
import org.sparklstm.text.Vocabulary;
import org.sparklstm.text.WhiteSpace;

/**
 * A corpus turned into what training reads: text lines → tokens → ids → lanes → windows → stretches
 * at the worker that owns the lanes.
 *
 * @param settings with the lanes and the number of workers decided
 * @param digest of all lines and their positions, wherever they are stored, compressed or not
 * @param train the training part
 * @param valid the validation part, in at most {@link #VALID_LANES} lanes
 * @param test the test part as one lane, down to its last token
 * @param assignment of lanes to workers; also decides the number of workers
 */
public record PreparedCorpus(
    Settings settings,
    Vocabulary vocabulary,
    String digest,
    LaneAssignment assignment,
    ShardedLanes train,
    ShardedLanes valid,
    ShardedLanes test)
    implements AutoCloseable {
  private static final Logger LOG = LoggerFactory.getLogger(PreparedCorpus.class);
  private static final String TOKENS = "tokens";
  private static final StorageLevel STORAGE = StorageLevel.MEMORY_AND_DISK();

  /** The test lane is scored to its last token, so the length of its windows changes no result. */
  private static final int TEST_WINDOW = 64;

  /**
   * The tutorial's. In more lanes more words would be predicted from a zero state, and perplexities
   * of runs with different numbers of lanes could not be compared.
   */
  private static final int VALID_LANES = 20;

  private static final LaneAssignment ONE_LANE = new LaneAssignment(1, 1);

  /**
   * Reads and checks the whole corpus.
   *
   * @param spread decides lanes and workers, given the tokens of the training part; called once
   *     executors have done their first work
   * @throws InputException naming the file that cannot be used
   * @throws ConfigurationException if there are more workers than lanes
   */
  public static PreparedCorpus prepare(
      SparkSession spark, String dataPath, Settings settings, LongFunction<Settings> spread) {
    try {
      return read(spark, dataPath, settings, spread);
    } catch (Exception e) { // Scala throws what it does not declare
      InputException.rethrowCause(e);
      throw e;
    }
  }

  private static PreparedCorpus read(
      SparkSession spark, String dataPath, Settings settings, LongFunction<Settings> spread) {
    CorpusReader reader = new CorpusReader(spark, dataPath);
    CorpusReader.Source trainFile = reader.find("train");
    CorpusReader.Source validFile = reader.find("valid");
    CorpusReader.Source testFile = reader.find("test");
    // Each pass over the tokens would read and split the text again.
    CorpusReader.Part train = reader.read(trainFile);
    CorpusReader.Part valid = reader.read(validFile);
    CorpusReader.Part test = reader.read(testFile);
    Dataset<Row> trainTokens = tokens(train.rows()).persist(STORAGE);
    Dataset<Row> validTokens = tokens(valid.rows()).persist(STORAGE);
    Dataset<Row> testTokens = tokens(test.rows()).persist(STORAGE);
    try {
      long trainLength = length(trainTokens);
      Settings decided = spread.apply(trainLength);
      int lanes = decided.data().lanes();
      int window = decided.data().window();
      int workers = decided.cluster().workers().orElseThrow();
      int validLanes = Math.min(lanes, VALID_LANES);
      TextCut trainCut = cut(trainFile.path(), trainLength, lanes, window, false);
      TextCut validCut = cut(validFile.path(), length(validTokens), validLanes, window, false);
      TextCut testCut = cut(testFile.path(), length(testTokens), 1, TEST_WINDOW, true);
      LaneAssignment assignment = new LaneAssignment(lanes, workers);
      LaneAssignment ofValid = new LaneAssignment(validLanes, Math.min(validLanes, workers));

      VocabularyIndexerModel indexer = indexer(trainTokens, settings.vocabulary());
      Vocabulary vocabulary = new Vocabulary(List.of(indexer.vocabulary()));
      requireScorable(validFile.path(), validTokens, vocabulary);
      requireScorable(testFile.path(), testTokens, vocabulary);
      return new PreparedCorpus(
          decided,
          vocabulary,
          String.join(", ", train.digest(), valid.digest(), test.digest()),
          assignment,
          shards(indexer.transform(trainTokens), trainCut, assignment),
          shards(indexer.transform(validTokens), validCut, ofValid),
          shards(indexer.transform(testTokens), testCut, ONE_LANE));
    } finally {
      trainTokens.unpersist();
      validTokens.unpersist();
      testTokens.unpersist();
    }
  }

  /**
   * Splits the rows of a {@link CorpusReader.Part} into words, and has {@code <eos>} for each line
   * end: (position, tokens).
   */
  static Dataset<Row> tokens(Dataset<Row> rows) {
    return new RegexTokenizer()
        .setInputCol("line")
        .setOutputCol("words")
        .setPattern(WhiteSpace.PATTERN)
        .setToLowercase(false)
        .transform(rows)
        .select(
            col("position"),
            when(col("ends"), concat(col("words"), array(lit(Vocabulary.END_OF_SENTENCE))))
                .otherwise(col("words"))
                .as(TOKENS));
  }

  /** Learns the words, as {@code vocabulary.min-count} says. */
  private static VocabularyIndexerModel indexer(Dataset<Row> tokens, Settings.Vocabulary settings) {
    VocabularyIndexer indexer =
        new VocabularyIndexer()
            .setInputCol(TOKENS)
            .setVocabularySize(settings.size())
            .setMinCount(settings.minCount().orElse(1));
    VocabularyIndexerModel model = indexer.fit(tokens);
    if (settings.minCount().isPresent()
        || List.of(model.vocabulary()).contains(Vocabulary.UNKNOWN)) {
      return model;
    }
    VocabularyIndexerModel seenTwice = indexer.setMinCount(2).fit(tokens);
    int seenOnce = model.vocabulary().length + 1 - seenTwice.vocabulary().length;
    if (List.of(seenTwice.vocabulary()).contains(Vocabulary.UNKNOWN)) {
      LOG.info(
          "The training text has no {}: its {} words seen once stand for it (vocabulary.min-count)",
          Vocabulary.UNKNOWN,
          seenOnce);
    }
    return seenTwice;
  }

  private static long length(Dataset<Row> tokens) {
    return tokens.agg(coalesce(sum(size(col(TOKENS))), lit(0L))).head().getLong(0);
  }

  private static TextCut cut(
      Path file, long length, int lanes, int window, boolean keepPartialWindow) {
    TextCut cut = new TextCut(length, lanes, window, keepPartialWindow);
    if (cut.predictions() == 0) {
      throw new InputException(
          ("Cannot cut %s into windows: its %s tokens in %s lanes are %s a lane, and a window of %s"
                  + " needs %s; lower data.lanes or data.window")
              .formatted(file, length, lanes, cut.laneLength(), window, window + 1));
    }
    if (cut.predictions() / window >= Integer.MAX_VALUE) {
      throw new InputException(
          ("Cannot cut %s: its %s tokens in %s lanes are more than 2^31 windows a lane; raise"
                  + " data.lanes or data.window")
              .formatted(file, length, lanes));
    }
    return cut;
  }

  private static void requireScorable(Path file, Dataset<Row> tokens, Vocabulary vocabulary) {
    UDF1<String, Boolean> contains = vocabulary::contains;
    Dataset<Row> unknown =
        tokens
            .select(explode(col(TOKENS)).as("word"))
            .where(not(udf(contains, DataTypes.BooleanType).apply(col("word"))));
    long count = unknown.count();
    if (count > 0 && !vocabulary.contains(Vocabulary.UNKNOWN)) {
      throw new InputException(
          ("Cannot score %s: %s of its tokens (one is '%s') are not in the vocabulary, and the training"
                  + " text has no %s to stand for them%s")
              .formatted(
                  file,
                  count,
                  unknown.head().getString(0),
                  Vocabulary.UNKNOWN,
                  vocabulary.size() < 3
                      ? ""
                      : "; of its %s words, vocabulary.size = %s makes the rarest %s"
                          .formatted(
                              vocabulary.size(), vocabulary.size() - 1, Vocabulary.UNKNOWN)));
    }
    LOG.info("{}: {} tokens outside the vocabulary count as {}", file, count, Vocabulary.UNKNOWN);
  }

  private static ShardedLanes shards(Dataset<Row> ids, TextCut cut, LaneAssignment assignment) {
    Dataset<Row> windows =
        new SequenceBatcher()
            .setLanes(cut.lanes())
            .setWindow(cut.window())
            .setKeepPartialWindow(cut.keepPartialWindow())
            .transform(ids);
    return ShardedLanes.of(windows, cut, assignment);
  }

  /** Windows of an epoch. */
  public int windows() {
    return train.windows();
  }

  /** Bytes of text that executors keep in memory, in all. */
  public long bytesInMemory() {
    return train.bytesInMemory() + valid.bytesInMemory() + test.bytesInMemory();
  }

  @Override
  public void close() {
    train.close();
    valid.close();
    test.close();
  }
}
