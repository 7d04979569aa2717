package org.sparklstm.ml.feature;

import static org.apache.spark.sql.functions.asc;
import static org.apache.spark.sql.functions.coalesce;
import static org.apache.spark.sql.functions.col;
import static org.apache.spark.sql.functions.count;
import static org.apache.spark.sql.functions.desc;
import static org.apache.spark.sql.functions.explode;
import static org.apache.spark.sql.functions.lit;
import static org.apache.spark.sql.functions.sum;
import static org.apache.spark.sql.functions.when;

import java.util.List;
import org.apache.spark.ml.Estimator;
import org.apache.spark.ml.param.IntParam;
import org.apache.spark.ml.param.Param;
import org.apache.spark.ml.param.ParamMap;
import org.apache.spark.ml.param.ParamValidators;
import org.apache.spark.ml.util.DefaultParamsReader;
import org.apache.spark.ml.util.DefaultParamsWritable;
import org.apache.spark.ml.util.Identifiable;
import org.apache.spark.ml.util.MLReader;
import org.apache.spark.sql.Column;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.types.StructType;
import org.sparklstm.text.Vocabulary;

/**
 * Learns a vocabulary from a column of token arrays: ordered by (−count, word), without words that
 * occur less than {@code minCount} times, cut to {@code vocabularySize}. All other words are {@code
 * <unk>}, and so is null in an array; a null array has no words. Only the vocabulary reaches the
 * driver.
 */
public final class VocabularyIndexer extends Estimator<VocabularyIndexerModel>
    implements DefaultParamsWritable {
  private final String uid;
  private final Param<String> inputCol;
  private final Param<String> outputCol;
  private final IntParam vocabularySize;
  private final IntParam minCount;

  /** An indexer of 10,000 words at most, with an identity of its own. */
  public VocabularyIndexer() {
    this(Identifiable.randomUID("vocabularyIndexer"));
  }

  /**
   * An indexer with a given identity, as loading needs it.
   *
   * @param uid Spark ML's name of this stage, which models take over
   */
  public VocabularyIndexer(String uid) {
    this.uid = uid;
    this.inputCol = new Param<>(this, "inputCol", "column of tokens, array<string>");
    this.outputCol = new Param<>(this, "outputCol", "column of word ids to add, array<int>");
    this.vocabularySize =
        new IntParam(this, "vocabularySize", "words at most", ParamValidators.gtEq(2));
    this.minCount =
        new IntParam(this, "minCount", "rarer words than this are <unk>", ParamValidators.gtEq(1));
    setDefault(inputCol, "tokens");
    setDefault(outputCol, "ids");
    setDefault(vocabularySize, 10_000);
    setDefault(minCount, 1);
  }

  /** {@return the parameter {@code inputCol}: the column of tokens; {@code tokens} by default} */
  public Param<String> inputCol() {
    return inputCol;
  }

  /**
   * {@return the parameter {@code outputCol}: the column of word ids to add; {@code ids} by
   * default}
   */
  public Param<String> outputCol() {
    return outputCol;
  }

  /**
   * {@return the parameter {@code vocabularySize}: how many words the vocabulary has at most,
   * {@code <unk>} among them; 10,000 by default}
   */
  public IntParam vocabularySize() {
    return vocabularySize;
  }

  /**
   * {@return the parameter {@code minCount}: how often a word of the vocabulary occurs at least; 1
   * by default}
   */
  public IntParam minCount() {
    return minCount;
  }

  /** {@return the column of tokens} */
  public String getInputCol() {
    return $(inputCol);
  }

  /** {@return the column of word ids to add} */
  public String getOutputCol() {
    return $(outputCol);
  }

  /** {@return how many words the vocabulary has at most, {@code <unk>} among them} */
  public int getVocabularySize() {
    return (Integer) $(vocabularySize);
  }

  /** {@return how often a word of the vocabulary occurs at least} */
  public int getMinCount() {
    return (Integer) $(minCount);
  }

  /**
   * Names the column of tokens.
   *
   * @param column its name, of type array&lt;string&gt;
   * @return this stage
   */
  public VocabularyIndexer setInputCol(String column) {
    return (VocabularyIndexer) set(inputCol, column);
  }

  /**
   * Names the column of word ids, array&lt;int&gt;, which a model adds.
   *
   * @param column its name, which no column of the input may have
   * @return this stage
   */
  public VocabularyIndexer setOutputCol(String column) {
    return (VocabularyIndexer) set(outputCol, column);
  }

  /**
   * Limits the vocabulary to the most frequent words.
   *
   * @param size at least 2, {@code <unk>} included
   * @return this stage
   */
  public VocabularyIndexer setVocabularySize(int size) {
    return (VocabularyIndexer) set(vocabularySize, size);
  }

  /**
   * Leaves rare words out of the vocabulary: they are {@code <unk>}.
   *
   * @param count times that a word must occur, at least 1
   * @return this stage
   */
  public VocabularyIndexer setMinCount(int count) {
    return (VocabularyIndexer) set(minCount, count);
  }

  @Override
  public VocabularyIndexerModel fit(Dataset<?> dataset) {
    transformSchema(dataset.schema());
    int size = getVocabularySize();
    Dataset<Row> counts =
        dataset
            .select(explode(col($(inputCol))).as("word"))
            .groupBy(coalesce(col("word"), lit(Vocabulary.UNKNOWN)).as("word"))
            .count()
            // Spark would keep spark.sql.shuffle.partitions of them, and start as many tasks.
            .coalesce(dataset.sparkSession().sparkContext().defaultParallelism())
            .persist();
    try {
      Column known = col("word").notEqual(Vocabulary.UNKNOWN).and(col("count").geq(getMinCount()));
      Row totals =
          counts
              .agg(
                  coalesce(sum("count"), lit(0L)),
                  count(when(known, 1)),
                  coalesce(sum(when(known, 0L).otherwise(col("count"))), lit(0L)))
              .head();
      List<Vocabulary.WordCount> mostFrequent =
          counts
              .where(known)
              .orderBy(desc("count"), asc("word"))
              // Spark's top-k allocates 2 k rows a task, so never ask for more words than there
              // are.
              .limit((int) Math.min(size, totals.getLong(1)))
              .collectAsList()
              .stream()
              .map(row -> new Vocabulary.WordCount(row.getString(0), row.getLong(1)))
              .toList();
      Vocabulary vocabulary =
          Vocabulary.ofCounts(
              mostFrequent, totals.getLong(0), totals.getLong(1), totals.getLong(2), size);
      VocabularyIndexerModel model = new VocabularyIndexerModel(uid, vocabulary).setParent(this);
      return copyValues(model, ParamMap.empty());
    } finally {
      counts.unpersist();
    }
  }

  @Override
  public StructType transformSchema(StructType schema) {
    return VocabularyIndexerModel.schema(uid, schema, $(inputCol), $(outputCol));
  }

  @Override
  public VocabularyIndexer copy(ParamMap extra) {
    return defaultCopy(extra);
  }

  @Override
  public String uid() {
    return uid;
  }

  /** {@return what reads an indexer that was saved} */
  public static MLReader<VocabularyIndexer> read() {
    return new DefaultParamsReader<>();
  }

  /**
   * An indexer that was saved.
   *
   * @param path that it was saved to, on any Hadoop file system
   * @return it, with the identity and the parameters that it had
   */
  public static VocabularyIndexer load(String path) {
    return read().load(path);
  }
}
