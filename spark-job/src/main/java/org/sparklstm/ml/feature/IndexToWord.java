package org.sparklstm.ml.feature;

import static org.apache.spark.sql.functions.col;
import static org.apache.spark.sql.functions.udf;

import java.util.List;
import org.apache.spark.ml.Transformer;
import org.apache.spark.ml.param.Param;
import org.apache.spark.ml.param.ParamMap;
import org.apache.spark.ml.param.StringArrayParam;
import org.apache.spark.ml.util.DefaultParamsReader;
import org.apache.spark.ml.util.DefaultParamsWritable;
import org.apache.spark.ml.util.Identifiable;
import org.apache.spark.ml.util.MLReader;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.api.java.UDF1;
import org.apache.spark.sql.types.StructType;
import scala.collection.JavaConverters;
import scala.collection.Seq;

/**
 * Replaces word ids by their words: what {@link VocabularyIndexerModel} does, backwards, as Spark's
 * {@code IndexToString} does for {@code StringIndexer}. Null becomes null.
 */
public final class IndexToWord extends Transformer implements DefaultParamsWritable {
  private final String uid;
  private final Param<String> inputCol;
  private final Param<String> outputCol;
  private final StringArrayParam vocabulary;

  /** A stage without a vocabulary, with an identity of its own. */
  public IndexToWord() {
    this(Identifiable.randomUID("indexToWord"));
  }

  /**
   * A stage with a given identity, as loading needs it.
   *
   * @param uid Spark ML's name of this stage
   */
  public IndexToWord(String uid) {
    this.uid = uid;
    this.inputCol = new Param<>(this, "inputCol", "column of word ids, array<int>");
    this.outputCol = new Param<>(this, "outputCol", "column of words to add, array<string>");
    this.vocabulary = new StringArrayParam(this, "vocabulary", "words in id order");
    setDefault(inputCol, "ids");
    setDefault(outputCol, "words");
  }

  /** {@return the parameter {@code inputCol}: the column of word ids; {@code ids} by default} */
  public Param<String> inputCol() {
    return inputCol;
  }

  /**
   * {@return the parameter {@code outputCol}: the column of words to add; {@code words} by default}
   */
  public Param<String> outputCol() {
    return outputCol;
  }

  /** {@return the parameter {@code vocabulary}: the words in id order} */
  public StringArrayParam vocabulary() {
    return vocabulary;
  }

  /** {@return the column of word ids} */
  public String getInputCol() {
    return $(inputCol);
  }

  /** {@return the column of words to add} */
  public String getOutputCol() {
    return $(outputCol);
  }

  /**
   * {@return the words in id order}
   *
   * @throws java.util.NoSuchElementException if none were set
   */
  public String[] getVocabulary() {
    return $(vocabulary);
  }

  /**
   * Names the column of word ids.
   *
   * @param column its name, of type array&lt;int&gt;
   * @return this stage
   */
  public IndexToWord setInputCol(String column) {
    return (IndexToWord) set(inputCol, column);
  }

  /**
   * Names the column of words, array&lt;string&gt;, which the stage adds.
   *
   * @param column its name, which no column of the input may have
   * @return this stage
   */
  public IndexToWord setOutputCol(String column) {
    return (IndexToWord) set(outputCol, column);
  }

  /**
   * Sets the words that the ids stand for. The stage needs them.
   *
   * @param words in id order, for instance {@link VocabularyIndexerModel#vocabulary()}
   * @return this stage
   */
  public IndexToWord setVocabulary(String[] words) {
    return (IndexToWord) set(vocabulary, words);
  }

  /** Adds the column of words. A job over it fails on an id that is not of the vocabulary. */
  @Override
  public Dataset<Row> transform(Dataset<?> dataset) {
    transformSchema(dataset.schema());
    String column = $(inputCol);
    String[] words = $(vocabulary);
    UDF1<Seq<Integer>, String[]> of = ids -> ids == null ? null : words(column, words, ids);
    return dataset.withColumn($(outputCol), udf(of, Stages.TOKENS).apply(col(column)));
  }

  private static String[] words(String column, String[] words, Seq<Integer> ids) {
    List<Integer> list = JavaConverters.seqAsJavaList(ids);
    return list.stream()
        .map(
            id -> {
              if (id == null) {
                return null;
              }
              if (id < 0 || id >= words.length) {
                throw new IllegalArgumentException(
                    "Id %s in column %s is not of a vocabulary of %s words"
                        .formatted(id, column, words.length));
              }
              return words[id];
            })
        .toArray(String[]::new);
  }

  @Override
  public StructType transformSchema(StructType schema) {
    if (!isDefined(vocabulary)) {
      throw new IllegalArgumentException(uid + ": set the vocabulary first");
    }
    Stages.requireColumn(uid, schema, $(inputCol), Stages.IDS);
    Stages.requireAbsent(uid, schema, $(outputCol));
    return schema.add($(outputCol), Stages.TOKENS);
  }

  @Override
  public IndexToWord copy(ParamMap extra) {
    return defaultCopy(extra);
  }

  @Override
  public String uid() {
    return uid;
  }

  /** {@return what reads a stage that was saved} */
  public static MLReader<IndexToWord> read() {
    return new DefaultParamsReader<>();
  }

  /**
   * A stage that was saved.
   *
   * @param path that it was saved to, on any Hadoop file system
   * @return it, with the identity and the parameters that it had
   */
  public static IndexToWord load(String path) {
    return read().load(path);
  }
}
