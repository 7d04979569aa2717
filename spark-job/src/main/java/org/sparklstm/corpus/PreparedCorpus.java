package org.sparklstm.corpus;

import static org.apache.spark.sql.functions.coalesce;
import static org.apache.spark.sql.functions.col;
import static org.apache.spark.sql.functions.lit;
import static org.apache.spark.sql.functions.sum;
import static org.apache.spark.sql.functions.udf;

import java.util.List;
import java.util.Optional;
import java.util.function.LongFunction;
import java.util.function.Supplier;
import java.util.stream.Stream;
import org.apache.spark.sql.Column;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.api.java.UDF1;
import org.apache.spark.sql.types.DataTypes;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.sparklstm.averaging.ShardedLanes;
import org.sparklstm.config.Settings;
import org.sparklstm.error.ConfigurationException;
import org.sparklstm.error.InputException;
import org.sparklstm.ml.feature.SequenceBatcher;
import org.sparklstm.ml.feature.VocabularyIndexer;
import org.sparklstm.ml.feature.VocabularyIndexerModel;
import org.sparklstm.text.LaneAssignment;
import org.sparklstm.text.TextCut;
import org.sparklstm.text.Vocabulary;
import scala.collection.JavaConverters;
import scala.collection.Seq;

/**
 * A corpus turned into what training reads: text lines → tokens → ids → lanes → windows → stretches
 * at the worker that owns the lanes.
 *
 * @param settings with the lanes and the number of workers decided
 * @param digest of all lines and their positions, wherever they are stored, compressed or not
 * @param train the training part
 * @param valid the validation part, in at most {@link #VALID_LANES} lanes
 * @param test the test part as one lane, down to its last token; empty: there is none
 * @param assignment of lanes to workers; also decides the number of workers
 */
public record PreparedCorpus(
    Settings settings,
    Vocabulary vocabulary,
    String digest,
    LaneAssignment assignment,
    ShardedLanes train,
    ShardedLanes valid,
    Optional<ShardedLanes> test)
    implements AutoCloseable {
  private static final Logger LOG = LoggerFactory.getLogger(PreparedCorpus.class);

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
   * @param texts reads and cuts it into words
   * @param given the vocabulary; empty: it is learned from the training part
   * @param spread decides lanes and workers, given the tokens of the training part; called once
   *     executors have done their first work
   * @throws InputException naming the text that cannot be used
   * @throws ConfigurationException if there are more workers than lanes
   */
  public static PreparedCorpus prepare(
      Supplier<Texts> texts,
      Settings settings,
      Optional<Vocabulary> given,
      LongFunction<Settings> spread) {
    try (Texts read = texts.get()) {
      return prepare(read, settings, given, spread);
    } catch (Exception e) { // Scala throws what it does not declare
      InputException.rethrowCause(e);
      throw e;
    }
  }

  private static PreparedCorpus prepare(
      Texts texts, Settings settings, Optional<Vocabulary> given, LongFunction<Settings> spread) {
    Texts.Text train = texts.train();
    Texts.Text valid = texts.valid();
    Optional<Texts.Text> test = texts.test();
    long trainLength = train.length();
    Settings decided = spread.apply(trainLength);
    int lanes = decided.data().lanes();
    int window = decided.data().window();
    int workers = decided.cluster().workers().orElseThrow();
    int validLanes = Math.min(lanes, VALID_LANES);
    TextCut trainCut = cut(train.name(), trainLength, lanes, window, false);
    TextCut validCut = cut(valid.name(), valid.length(), validLanes, window, false);
    Optional<TextCut> testCut =
        test.map(text -> cut(text.name(), text.length(), 1, TEST_WINDOW, true));
    LaneAssignment assignment = new LaneAssignment(lanes, workers);
    LaneAssignment ofValid = new LaneAssignment(validLanes, Math.min(validLanes, workers));

    VocabularyIndexerModel indexer =
        given
            .map(words -> new VocabularyIndexerModel(words.words().toArray(String[]::new)))
            .orElseGet(() -> indexer(train.tokens(), settings.vocabulary()));
    Vocabulary vocabulary = new Vocabulary(List.of(indexer.vocabulary()));
    if (given.isPresent()) {
      requireKnown(train, vocabulary, true);
    }
    requireKnown(valid, vocabulary, given.isPresent());
    test.ifPresent(text -> requireKnown(text, vocabulary, given.isPresent()));
    return new PreparedCorpus(
        decided,
        vocabulary,
        given
            .map(words -> texts.digest() + ", vocabulary " + words.digest())
            .orElse(texts.digest()),
        assignment,
        shards(indexer.transform(train.tokens()), trainCut, assignment),
        shards(indexer.transform(valid.tokens()), validCut, ofValid),
        test.map(text -> shards(indexer.transform(text.tokens()), testCut.get(), ONE_LANE)));
  }

  /** Learns the words, as {@code vocabulary.min-count} says. */
  private static VocabularyIndexerModel indexer(Dataset<Row> tokens, Settings.Vocabulary settings) {
    VocabularyIndexer indexer =
        new VocabularyIndexer()
            .setInputCol(Texts.TOKENS)
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

  private static TextCut cut(
      String name, long length, int lanes, int window, boolean keepPartialWindow) {
    TextCut cut = new TextCut(length, lanes, window, keepPartialWindow);
    if (cut.predictions() == 0) {
      throw new InputException(
          ("Cannot cut %s into windows: its %s tokens in %s lanes are %s a lane, and a window of %s"
                  + " needs %s; lower data.lanes or data.window")
              .formatted(name, length, lanes, cut.laneLength(), window, window + 1));
    }
    if (cut.predictions() / window >= Integer.MAX_VALUE) {
      throw new InputException(
          ("Cannot cut %s: its %s tokens in %s lanes are more than 2^31 windows a lane; raise"
                  + " data.lanes or data.window")
              .formatted(name, length, lanes));
    }
    return cut;
  }

  private static void requireKnown(Texts.Text text, Vocabulary vocabulary, boolean given) {
    UDF1<Seq<String>, Long> unknowns =
        tokens -> unknown(JavaConverters.seqAsJavaList(tokens), vocabulary).count();
    Column unknown = udf(unknowns, DataTypes.LongType).apply(col(Texts.TOKENS));
    long count = text.tokens().agg(coalesce(sum(unknown), lit(0L))).head().getLong(0);
    if (count > 0 && !vocabulary.contains(Vocabulary.UNKNOWN)) {
      Row row = text.tokens().where(unknown.gt(0)).select(Texts.TOKENS).head();
      String one = unknown(row.getList(0), vocabulary).findFirst().orElseThrow();
      throw given
          ? new InputException(
              ("Cannot use %s: %s of its tokens (one is '%s') are not in the vocabulary, and the model of"
                      + " train.init-from has no %s to stand for them")
                  .formatted(text.name(), count, one, Vocabulary.UNKNOWN))
          : new InputException(
              ("Cannot use %s: %s of its tokens (one is '%s') are not in the vocabulary, and the training"
                      + " text has no %s to stand for them%s")
                  .formatted(
                      text.name(),
                      count,
                      one,
                      Vocabulary.UNKNOWN,
                      vocabulary.size() < 3
                          ? ""
                          : "; of its %s words, vocabulary.size = %s makes the rarest %s"
                              .formatted(
                                  vocabulary.size(), vocabulary.size() - 1, Vocabulary.UNKNOWN)));
    }
    LOG.info(
        "{}: {} tokens outside the vocabulary count as {}", text.name(), count, Vocabulary.UNKNOWN);
  }

  private static Stream<String> unknown(List<String> tokens, Vocabulary vocabulary) {
    return tokens.stream().filter(word -> !vocabulary.contains(word));
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
    return train.bytesInMemory()
        + valid.bytesInMemory()
        + test.map(ShardedLanes::bytesInMemory).orElse(0L);
  }

  @Override
  public void close() {
    train.close();
    valid.close();
    test.ifPresent(ShardedLanes::close);
  }
}
