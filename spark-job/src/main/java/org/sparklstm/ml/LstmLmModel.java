package org.sparklstm.ml;

import java.io.IOException;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import org.apache.hadoop.conf.Configuration;
import org.apache.hadoop.fs.Path;
import org.apache.spark.SparkContext;
import org.apache.spark.api.java.function.MapPartitionsFunction;
import org.apache.spark.broadcast.Broadcast;
import org.apache.spark.ml.Model;
import org.apache.spark.ml.param.IntParam;
import org.apache.spark.ml.param.LongParam;
import org.apache.spark.ml.param.Param;
import org.apache.spark.ml.param.ParamMap;
import org.apache.spark.ml.param.ParamValidators;
import org.apache.spark.ml.util.DefaultParamsReader;
import org.apache.spark.ml.util.Identifiable;
import org.apache.spark.ml.util.MLReader;
import org.apache.spark.ml.util.MLWritable;
import org.apache.spark.ml.util.MLWriter;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Encoders;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.SparkSession;
import org.apache.spark.sql.types.DataType;
import org.apache.spark.sql.types.DataTypes;
import org.apache.spark.sql.types.StructType;
import org.sparklstm.config.SettingsLoader;
import org.sparklstm.error.InputException;
import org.sparklstm.files.AtomicFiles;
import org.sparklstm.files.HadoopFiles;
import org.sparklstm.model.LstmShape;
import org.sparklstm.run.SavedModel;
import org.sparklstm.score.Tokenizer;
import org.sparklstm.score.UnknownWords;
import org.sparklstm.text.Vocabulary;
import org.sparklstm.train.Floats;
import scala.reflect.ClassTag$;

/**
 * A trained language model that scores texts. It adds these columns, and keeps all rows, their
 * order, their partitions and all other columns:
 *
 * <ul>
 *   <li>{@code perplexity}, double: exp(−log probability / predictions). Predictions are the words
 *       and the ends of lines. Null where there is nothing to predict.
 *   <li>{@code logProbability}, double: Σ ln p over the predictions, in nats
 *   <li>{@code tokens}, int: the words of the text
 *   <li>{@code unknown}, int: those that the vocabulary lacks
 *   <li>on demand {@code tokenNatsCol}, array&lt;double&gt;: −ln p of each word and line end, in
 *       their order; those of unknown words as the model has them
 * </ul>
 *
 * <p>All are null where the text is null. By default this is the perplexity of cc_net's documents:
 * each line begins with a fresh state, and its end counts. A text scores the same to about 1e-6 of
 * itself, whatever the partitions and the other rows. {@code transform} is lazy and needs no
 * shuffle, so it works on streams.
 */
public final class LstmLmModel extends Model<LstmLmModel> implements MLWritable {
  private static final DataType NATS = DataTypes.createArrayType(DataTypes.DoubleType, false);
  private static final String DATA = "data";

  private final String uid;
  private final LstmShape shape;
  private final Floats parameters;
  private final Vocabulary vocabulary;
  private final String settings; // of the training, rendered
  private final Param<String> inputCol;
  private final Param<String> perplexityCol;
  private final Param<String> logProbabilityCol;
  private final Param<String> tokensCol;
  private final Param<String> unknownCol;
  private final Param<String> tokenNatsCol;
  private final Param<String> state;
  private final Param<String> unknown;
  private final LongParam unknownWords;
  private final IntParam maxTokens;
  private transient Sent sent; // once for all transforms; it goes when this model does

  /** What executors need of a model. */
  private record Sent(
      SparkContext context, Broadcast<Floats> parameters, Broadcast<Vocabulary> vocabulary) {}

  LstmLmModel(String uid, SavedModel saved) {
    this.uid = uid;
    this.shape = saved.shape();
    this.parameters = new Floats(saved.parameters());
    this.vocabulary = saved.vocabulary();
    this.settings = saved.settings().render();
    this.inputCol =
        new Param<>(
            this,
            "inputCol",
            "column of texts, string of lines or array<string> of words in which <eos> ends a line");
    this.perplexityCol = new Param<>(this, "perplexityCol", "column of perplexities to add");
    this.logProbabilityCol =
        new Param<>(this, "logProbabilityCol", "column of log probabilities to add, in nats");
    this.tokensCol = new Param<>(this, "tokensCol", "column of numbers of words to add");
    this.unknownCol = new Param<>(this, "unknownCol", "column of numbers of unknown words to add");
    this.tokenNatsCol =
        new Param<>(
            this, "tokenNatsCol", "column of −ln p of each word and line end to add; empty: none");
    this.state =
        new Param<>(
            this,
            "state",
            "line: each line of a text begins with a fresh state; document: each text does");
    this.unknown =
        new Param<>(
            this,
            "unknown",
            "words outside the vocabulary: penalise (they share the probability of <unk>), exclude"
                + " (they do not count) or count (as <unk>)");
    this.unknownWords =
        new LongParam(
            this,
            "unknownWords",
            "words of the language, for unknown = penalise; more than the vocabulary has",
            ParamValidators.gt(0));
    this.maxTokens =
        new IntParam(
            this,
            "maxTokens",
            "words of a text that count, those behind them are left out",
            ParamValidators.gtEq(1));
    setDefault(inputCol, "text");
    setDefault(perplexityCol, "perplexity");
    setDefault(logProbabilityCol, "logProbability");
    setDefault(tokensCol, "tokens");
    setDefault(unknownCol, "unknown");
    setDefault(tokenNatsCol, "");
    setDefault(state, "line");
    setDefault(unknown, "penalise");
    setDefault(unknownWords, 1_000_000L);
    setDefault(maxTokens, Integer.MAX_VALUE);
  }

  /**
   * A model that a training run saved.
   *
   * @param path the run's {@code --save-path}, or its {@code model/}, on any Hadoop file system
   * @throws InputException naming the file that is missing or cannot be used
   */
  public static LstmLmModel fromFiles(String path) {
    Configuration hadoop = SparkSession.active().sparkContext().hadoopConfiguration();
    return new LstmLmModel(Identifiable.randomUID("lstmLm"), SavedModel.read(path, hadoop));
  }

  /** The words in id order. */
  public String[] vocabulary() {
    return vocabulary.words().toArray(String[]::new);
  }

  /** Number of trained parameters. */
  public int numParameters() {
    return parameters.values().length;
  }

  public Param<String> inputCol() {
    return inputCol;
  }

  public Param<String> perplexityCol() {
    return perplexityCol;
  }

  public Param<String> logProbabilityCol() {
    return logProbabilityCol;
  }

  public Param<String> tokensCol() {
    return tokensCol;
  }

  public Param<String> unknownCol() {
    return unknownCol;
  }

  public Param<String> tokenNatsCol() {
    return tokenNatsCol;
  }

  public Param<String> state() {
    return state;
  }

  public Param<String> unknown() {
    return unknown;
  }

  public LongParam unknownWords() {
    return unknownWords;
  }

  public IntParam maxTokens() {
    return maxTokens;
  }

  public String getInputCol() {
    return $(inputCol);
  }

  public String getPerplexityCol() {
    return $(perplexityCol);
  }

  public String getLogProbabilityCol() {
    return $(logProbabilityCol);
  }

  public String getTokensCol() {
    return $(tokensCol);
  }

  public String getUnknownCol() {
    return $(unknownCol);
  }

  public String getTokenNatsCol() {
    return $(tokenNatsCol);
  }

  public String getState() {
    return $(state);
  }

  public String getUnknown() {
    return $(unknown);
  }

  public long getUnknownWords() {
    return (Long) $(unknownWords);
  }

  public int getMaxTokens() {
    return (Integer) $(maxTokens);
  }

  public LstmLmModel setInputCol(String column) {
    return (LstmLmModel) set(inputCol, column);
  }

  public LstmLmModel setPerplexityCol(String column) {
    return (LstmLmModel) set(perplexityCol, column);
  }

  public LstmLmModel setLogProbabilityCol(String column) {
    return (LstmLmModel) set(logProbabilityCol, column);
  }

  public LstmLmModel setTokensCol(String column) {
    return (LstmLmModel) set(tokensCol, column);
  }

  public LstmLmModel setUnknownCol(String column) {
    return (LstmLmModel) set(unknownCol, column);
  }

  public LstmLmModel setTokenNatsCol(String column) {
    return (LstmLmModel) set(tokenNatsCol, column);
  }

  public LstmLmModel setState(String value) {
    return (LstmLmModel) set(state, value);
  }

  public LstmLmModel setUnknown(String value) {
    return (LstmLmModel) set(unknown, value);
  }

  public LstmLmModel setUnknownWords(long words) {
    return (LstmLmModel) set(unknownWords, words);
  }

  public LstmLmModel setMaxTokens(int words) {
    return (LstmLmModel) set(maxTokens, words);
  }

  @Override
  public Dataset<Row> transform(Dataset<?> dataset) {
    StructType schema = transformSchema(dataset.schema());
    Sent onExecutors = sent(dataset.sparkSession().sparkContext());
    ScoreTask task =
        new ScoreTask(
            shape,
            onExecutors.parameters(),
            onExecutors.vocabulary(),
            choice(state, Tokenizer.State.class),
            getMaxTokens(),
            unknownWords(shape.vocabularySize()),
            dataset.schema().fieldIndex(getInputCol()),
            !getTokenNatsCol().isEmpty());
    MapPartitionsFunction<Row, Row> score = task::score;
    return dataset.toDF().mapPartitions(score, Encoders.row(schema));
  }

  private synchronized Sent sent(SparkContext spark) {
    if (sent == null || sent.context() != spark) {
      sent =
          new Sent(
              spark,
              spark.broadcast(parameters, ClassTag$.MODULE$.apply(Floats.class)),
              spark.broadcast(vocabulary, ClassTag$.MODULE$.apply(Vocabulary.class)));
    }
    return sent;
  }

  private SavedModel saved() {
    return new SavedModel(SettingsLoader.parseFile(settings, uid), vocabulary, parameters.values());
  }

  private UnknownWords unknownWords(int vocabularySize) {
    UnknownWords words =
        new UnknownWords(choice(unknown, UnknownWords.Mode.class), getUnknownWords());
    if (words.mode() == UnknownWords.Mode.PENALISE && words.words() <= vocabularySize) {
      throw new IllegalArgumentException(
          "%s: unknownWords is %s, and must be more than the %s words of the vocabulary"
              .formatted(uid, words.words(), vocabularySize));
    }
    return words;
  }

  private <E extends Enum<E>> E choice(Param<String> param, Class<E> values) {
    String value = $(param);
    List<String> names =
        Arrays.stream(values.getEnumConstants())
            .map(constant -> constant.name().toLowerCase(Locale.ROOT))
            .toList();
    if (!names.contains(value)) {
      throw new IllegalArgumentException(
          "%s: %s is '%s', and must be one of %s"
              .formatted(uid, param.name(), value, String.join(", ", names)));
    }
    return Enum.valueOf(values, value.toUpperCase(Locale.ROOT));
  }

  @Override
  public StructType transformSchema(StructType schema) {
    Stages.requireColumn(uid, schema, getInputCol(), DataTypes.StringType, Stages.TOKENS);
    Tokenizer.of(vocabulary, choice(state, Tokenizer.State.class), getMaxTokens());
    unknownWords(vocabulary.size());
    StructType added = add(schema, getPerplexityCol(), DataTypes.DoubleType);
    added = add(added, getLogProbabilityCol(), DataTypes.DoubleType);
    added = add(added, getTokensCol(), DataTypes.IntegerType);
    added = add(added, getUnknownCol(), DataTypes.IntegerType);
    return getTokenNatsCol().isEmpty() ? added : add(added, getTokenNatsCol(), NATS);
  }

  private StructType add(StructType schema, String column, DataType type) {
    Stages.requireAbsent(uid, schema, column);
    return schema.add(column, type, true);
  }

  @Override
  public LstmLmModel copy(ParamMap extra) {
    return copyValues(new LstmLmModel(uid, saved()), extra).setParent(parent());
  }

  @Override
  public String uid() {
    return uid;
  }

  @Override
  public String toString() {
    return "LstmLmModel: uid=%s, vocabularySize=%s, numParameters=%s"
        .formatted(uid, vocabulary.size(), numParameters());
  }

  @Override
  public MLWriter write() {
    return new Writer(this);
  }

  @Override
  public void save(String path) throws IOException {
    write().save(path);
  }

  public static MLReader<LstmLmModel> read() {
    return new Reader();
  }

  public static LstmLmModel load(String path) {
    return read().load(path);
  }

  /** Writes {@code metadata/} as Spark does, and in {@code data/} the files of {@code model/}. */
  private static final class Writer extends MLWriter {
    private final LstmLmModel model;

    Writer(LstmLmModel model) {
      this.model = model;
    }

    @Override
    public void saveImpl(String path) {
      Stages.saveMetadata(model, path, sparkSession());
      Path data = new Path(path, DATA);
      try {
        HadoopFiles.on(
            data,
            sparkSession().sparkContext().hadoopConfiguration(),
            fs -> {
              AtomicFiles files = AtomicFiles.on(fs);
              files.fileSystem().mkdirs(data);
              model.saved().write(files, fs.makeQualified(data));
              return null;
            });
      } catch (IOException e) {
        throw new InputException(
            "Cannot save to %s: %s".formatted(path, InputException.firstLine(e)), e);
      }
    }
  }

  private static final class Reader extends MLReader<LstmLmModel> {
    @Override
    public LstmLmModel load(String path) {
      DefaultParamsReader.Metadata metadata =
          Stages.loadMetadata(path, sparkSession(), LstmLmModel.class);
      Configuration hadoop = sparkSession().sparkContext().hadoopConfiguration();
      SavedModel saved = SavedModel.read(path + "/" + DATA, hadoop);
      LstmLmModel model = new LstmLmModel(metadata.uid(), saved);
      Stages.setParams(model, metadata);
      return model;
    }
  }
}
