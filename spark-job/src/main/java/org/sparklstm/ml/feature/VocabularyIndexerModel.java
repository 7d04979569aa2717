package org.sparklstm.ml.feature;

import static org.apache.spark.sql.functions.col;
import static org.apache.spark.sql.functions.udf;

import java.io.IOException;
import java.util.List;
import java.util.stream.IntStream;
import org.apache.hadoop.conf.Configuration;
import org.apache.hadoop.fs.Path;
import org.apache.spark.SparkContext;
import org.apache.spark.broadcast.Broadcast;
import org.apache.spark.ml.Model;
import org.apache.spark.ml.param.Param;
import org.apache.spark.ml.param.ParamMap;
import org.apache.spark.ml.util.DefaultParamsReader;
import org.apache.spark.ml.util.Identifiable;
import org.apache.spark.ml.util.MLReader;
import org.apache.spark.ml.util.MLWritable;
import org.apache.spark.ml.util.MLWriter;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.RowFactory;
import org.apache.spark.sql.SparkSession;
import org.apache.spark.sql.api.java.UDF1;
import org.apache.spark.sql.types.DataTypes;
import org.apache.spark.sql.types.StructType;
import org.sparklstm.files.HadoopFiles;
import org.sparklstm.text.Vocabulary;
import scala.collection.JavaConverters;
import scala.collection.Seq;
import scala.reflect.ClassTag$;

/**
 * Replaces tokens by their ids in a vocabulary. Words outside it, and null in an array, become
 * {@code <unk>}; the ids of a null array are null. {@link IndexToWord} is the way back.
 */
public final class VocabularyIndexerModel extends Model<VocabularyIndexerModel>
    implements MLWritable {
  private final String uid;
  private final Vocabulary vocabulary;
  private final Param<String> inputCol;
  private final Param<String> outputCol;
  private transient SparkContext context; // that has the broadcast
  private transient Broadcast<Vocabulary> broadcast;

  /**
   * A model of given words.
   *
   * @param vocabulary words in id order
   * @throws IllegalArgumentException on a repeated word
   */
  public VocabularyIndexerModel(String[] vocabulary) {
    this(Identifiable.randomUID("vocabularyIndexer"), vocabulary);
  }

  /**
   * A model of given words with a given identity.
   *
   * @param uid Spark ML's name of this stage
   * @param vocabulary words in id order
   * @throws IllegalArgumentException on a repeated word
   */
  public VocabularyIndexerModel(String uid, String[] vocabulary) {
    this(uid, new Vocabulary(List.of(vocabulary)));
  }

  VocabularyIndexerModel(String uid, Vocabulary vocabulary) {
    this.uid = uid;
    this.vocabulary = vocabulary;
    this.inputCol = new Param<>(this, "inputCol", "column of tokens, array<string>");
    this.outputCol = new Param<>(this, "outputCol", "column of word ids to add, array<int>");
    setDefault(inputCol, "tokens");
    setDefault(outputCol, "ids");
  }

  /**
   * A model of the words that a training run saved.
   *
   * @param path its {@code model/vocabulary.txt}, one word a line, on any Hadoop file system
   * @return it, with default parameters and a new identity
   * @throws IOException if it cannot be read
   * @throws IllegalArgumentException if it is no vocabulary
   */
  public static VocabularyIndexerModel fromVocabularyFile(String path) throws IOException {
    Path file = HadoopFiles.path(path);
    Configuration hadoop = SparkSession.active().sparkContext().hadoopConfiguration();
    String text = HadoopFiles.on(file, hadoop, fs -> HadoopFiles.text(fs, file));
    return new VocabularyIndexerModel(
        Identifiable.randomUID("vocabularyIndexer"), Vocabulary.ofLines(text));
  }

  /** {@return the words in id order} */
  public String[] vocabulary() {
    return vocabulary.words().toArray(String[]::new);
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

  /** {@return the column of tokens} */
  public String getInputCol() {
    return $(inputCol);
  }

  /** {@return the column of word ids to add} */
  public String getOutputCol() {
    return $(outputCol);
  }

  /**
   * Names the column of tokens.
   *
   * @param column its name, of type array&lt;string&gt;
   * @return this stage
   */
  public VocabularyIndexerModel setInputCol(String column) {
    return (VocabularyIndexerModel) set(inputCol, column);
  }

  /**
   * Names the column of word ids, array&lt;int&gt;, which the model adds.
   *
   * @param column its name, which no column of the input may have
   * @return this stage
   */
  public VocabularyIndexerModel setOutputCol(String column) {
    return (VocabularyIndexerModel) set(outputCol, column);
  }

  /**
   * Adds the column of ids. A job over it fails with the word's name on one outside the vocabulary
   * if the vocabulary has no {@code <unk>}.
   */
  @Override
  public Dataset<Row> transform(Dataset<?> dataset) {
    transformSchema(dataset.schema());
    Broadcast<Vocabulary> words = broadcast(dataset.sparkSession().sparkContext());
    String column = $(inputCol);
    UDF1<Seq<String>, int[]> ids =
        tokens -> tokens == null ? null : ids(column, words.value(), tokens);
    return dataset.withColumn($(outputCol), udf(ids, Stages.IDS).apply(col(column)));
  }

  /** The vocabulary on executors, once for all transforms; it goes when this model does. */
  private synchronized Broadcast<Vocabulary> broadcast(SparkContext spark) {
    if (context != spark) {
      context = spark;
      broadcast = spark.broadcast(vocabulary, ClassTag$.MODULE$.apply(Vocabulary.class));
    }
    return broadcast;
  }

  private static int[] ids(String column, Vocabulary vocabulary, Seq<String> tokens) {
    return JavaConverters.seqAsJavaList(tokens).stream()
        .mapToInt(
            word ->
                vocabulary
                    .id(word)
                    .orElseThrow(
                        () ->
                            new IllegalArgumentException(
                                "Unknown word %s in column %s, and the vocabulary has no %s"
                                    .formatted(word, column, Vocabulary.UNKNOWN))))
        .toArray();
  }

  static StructType schema(String uid, StructType schema, String inputCol, String outputCol) {
    Stages.requireColumn(uid, schema, inputCol, Stages.TOKENS);
    Stages.requireAbsent(uid, schema, outputCol);
    return schema.add(outputCol, Stages.IDS);
  }

  @Override
  public StructType transformSchema(StructType schema) {
    return schema(uid, schema, $(inputCol), $(outputCol));
  }

  @Override
  public VocabularyIndexerModel copy(ParamMap extra) {
    VocabularyIndexerModel copy = new VocabularyIndexerModel(uid, vocabulary);
    return copyValues(copy, extra).setParent(parent());
  }

  @Override
  public String uid() {
    return uid;
  }

  @Override
  public String toString() {
    return "VocabularyIndexerModel: uid=%s, vocabularySize=%s".formatted(uid, vocabulary.size());
  }

  @Override
  public MLWriter write() {
    return new Writer(this);
  }

  @Override
  public void save(String path) throws IOException {
    write().save(path);
  }

  /** {@return what reads a model that {@link #save} or {@link #write} saved} */
  public static MLReader<VocabularyIndexerModel> read() {
    return new Reader();
  }

  /**
   * A model that {@link #save} or {@link #write} saved.
   *
   * @param path that it was saved to, on any Hadoop file system
   * @return it, with the identity and the parameters that it had
   */
  public static VocabularyIndexerModel load(String path) {
    return read().load(path);
  }

  private static final class Writer extends MLWriter {
    private static final StructType WORDS =
        new StructType().add("id", DataTypes.IntegerType).add("word", DataTypes.StringType);
    private final VocabularyIndexerModel model;

    Writer(VocabularyIndexerModel model) {
      this.model = model;
    }

    @Override
    public void saveImpl(String path) {
      Stages.saveMetadata(model, path, sparkSession());
      List<String> words = model.vocabulary.words();
      List<Row> rows =
          IntStream.range(0, words.size())
              .mapToObj(id -> RowFactory.create(id, words.get(id)))
              .toList();
      sparkSession().createDataFrame(rows, WORDS).coalesce(1).write().parquet(path + "/data");
    }
  }

  private static final class Reader extends MLReader<VocabularyIndexerModel> {
    @Override
    public VocabularyIndexerModel load(String path) {
      DefaultParamsReader.Metadata metadata =
          Stages.loadMetadata(path, sparkSession(), VocabularyIndexerModel.class);
      List<Row> rows =
          sparkSession()
              .read()
              .option("ignoreCorruptFiles", false) // a vocabulary with gaps has other ids
              .option("ignoreMissingFiles", false)
              .parquet(path + "/data")
              .orderBy("id")
              .collectAsList();
      VocabularyIndexerModel model =
          new VocabularyIndexerModel(
              metadata.uid(), new Vocabulary(rows.stream().map(row -> row.getString(1)).toList()));
      Stages.setParams(model, metadata);
      return model;
    }
  }
}
