package org.sparklstm.ml;

import static org.apache.spark.sql.functions.col;
import static org.apache.spark.sql.functions.udf;

import java.util.List;
import java.util.stream.IntStream;
import org.apache.spark.ml.Model;
import org.apache.spark.ml.param.Param;
import org.apache.spark.ml.param.ParamMap;
import org.apache.spark.ml.util.DefaultParamsReader;
import org.apache.spark.ml.util.MLReader;
import org.apache.spark.ml.util.MLWritable;
import org.apache.spark.ml.util.MLWriter;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.RowFactory;
import org.apache.spark.sql.api.java.UDF1;
import org.apache.spark.sql.expressions.UserDefinedFunction;
import org.apache.spark.sql.types.DataType;
import org.apache.spark.sql.types.DataTypes;
import org.apache.spark.sql.types.StructType;
import org.sparklstm.text.Vocabulary;
import scala.collection.JavaConverters;
import scala.collection.Seq;

/** Replaces tokens by their ids in a {@link Vocabulary}; words outside it become {@code <unk>}. */
public final class VocabularyIndexerModel extends Model<VocabularyIndexerModel>
    implements MLWritable {
  private static final DataType TOKENS = DataTypes.createArrayType(DataTypes.StringType);
  private static final DataType IDS = DataTypes.createArrayType(DataTypes.IntegerType, false);

  private final String uid;
  private final Vocabulary vocabulary;
  private final Param<String> inputCol;
  private final Param<String> outputCol;

  VocabularyIndexerModel(String uid, Vocabulary vocabulary) {
    this.uid = uid;
    this.vocabulary = vocabulary;
    this.inputCol = new Param<>(this, "inputCol", "column of tokens, array<string>");
    this.outputCol = new Param<>(this, "outputCol", "column of word ids to add, array<int>");
    setDefault(inputCol, "tokens");
    setDefault(outputCol, "ids");
  }

  /** The learned words. */
  public Vocabulary vocabulary() {
    return vocabulary;
  }

  public Param<String> inputCol() {
    return inputCol;
  }

  public Param<String> outputCol() {
    return outputCol;
  }

  public VocabularyIndexerModel setInputCol(String column) {
    return (VocabularyIndexerModel) set(inputCol, column);
  }

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
    Vocabulary words = vocabulary;
    UserDefinedFunction ids =
        udf((UDF1<Seq<String>, int[]>) tokens -> ids(words, tokens), IDS).asNonNullable();
    return dataset.withColumn($(outputCol), ids.apply(col($(inputCol))));
  }

  private static int[] ids(Vocabulary vocabulary, Seq<String> tokens) {
    return JavaConverters.seqAsJavaList(tokens).stream()
        .mapToInt(
            word ->
                vocabulary
                    .id(word)
                    .orElseThrow(
                        () ->
                            new IllegalArgumentException(
                                "Unknown word %s, and the vocabulary has no %s"
                                    .formatted(word, Vocabulary.UNKNOWN))))
        .toArray();
  }

  static StructType schema(String uid, StructType schema, String inputCol, String outputCol) {
    Stages.requireColumn(uid, schema, inputCol, TOKENS);
    Stages.requireAbsent(uid, schema, outputCol);
    return schema.add(outputCol, IDS, false);
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
  public MLWriter write() {
    return new Writer(this);
  }

  @Override
  public void save(String path) throws java.io.IOException {
    write().save(path);
  }

  public static MLReader<VocabularyIndexerModel> read() {
    return new Reader();
  }

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
      sparkSession().createDataFrame(rows, WORDS).coalesce(1).write().parquet(path + "/words");
    }
  }

  private static final class Reader extends MLReader<VocabularyIndexerModel> {
    @Override
    public VocabularyIndexerModel load(String path) {
      DefaultParamsReader.Metadata metadata =
          Stages.loadMetadata(path, sparkSession(), VocabularyIndexerModel.class);
      List<String> words =
          sparkSession().read().parquet(path + "/words").orderBy("id").collectAsList().stream()
              .map(row -> row.getString(1))
              .toList();
      VocabularyIndexerModel model =
          new VocabularyIndexerModel(metadata.uid(), new Vocabulary(words));
      Stages.setParams(model, metadata);
      return model;
    }
  }
}
