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

  /** A stage of its own. */
  public VocabularyIndexer() {
    this(Identifiable.randomUID("vocabularyIndexer"));
  }

  /** An indexer with a given identity, as loading needs it. */
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

  /** Parameter: column of tokens, {@code array<string>}. */
  public Param<String> inputCol() {
    return inputCol;
  }

  /** Parameter: column of word ids to add, {@code array<int>}. */
  public Param<String> outputCol() {
    return outputCol;
  }

  /** Parameter: words at most. */
  public IntParam vocabularySize() {
    return vocabularySize;
  }

  /** Parameter: rarer words than this are {@code <unk>}. */
  public IntParam minCount() {
    return minCount;
  }

  /** The value of {@link #inputCol()}. */
  public String getInputCol() {
    return $(inputCol);
  }

  /** The value of {@link #outputCol()}. */
  public String getOutputCol() {
    return $(outputCol);
  }

  /** The value of {@link #vocabularySize()}. */
  public int getVocabularySize() {
    return (Integer) $(vocabularySize);
  }

  /** The value of {@link #minCount()}. */
  public int getMinCount() {
    return (Integer) $(minCount);
  }

  /** Sets {@link #inputCol()}. */
  public VocabularyIndexer setInputCol(String column) {
    return (VocabularyIndexer) set(inputCol, column);
  }

  /** Sets {@link #outputCol()}. */
  public VocabularyIndexer setOutputCol(String column) {
    return (VocabularyIndexer) set(outputCol, column);
  }

  /** Sets {@link #vocabularySize()}. */
  public VocabularyIndexer setVocabularySize(int size) {
    return (VocabularyIndexer) set(vocabularySize, size);
  }

  /** Sets {@link #minCount()}. */
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

  /** Reads what was saved. */
  public static MLReader<VocabularyIndexer> read() {
    return new DefaultParamsReader<>();
  }

  /** Reads what was saved at a path of any Hadoop file system. */
  public static VocabularyIndexer load(String path) {
    return read().load(path);
  }
}
