package org.sparklstm.ml;

import java.io.IOException;
import java.util.List;
import org.apache.hadoop.conf.Configuration;
import org.apache.hadoop.fs.Path;
import org.apache.spark.SparkContext;
import org.apache.spark.api.java.function.MapPartitionsFunction;
import org.apache.spark.broadcast.Broadcast;
import org.apache.spark.ml.Model;
import org.apache.spark.ml.param.ParamMap;
import org.apache.spark.ml.util.DefaultParamsReader;
import org.apache.spark.ml.util.Identifiable;
import org.apache.spark.ml.util.MLReader;
import org.apache.spark.ml.util.MLWritable;
import org.apache.spark.ml.util.MLWriter;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Encoder;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.SparkSession;
import org.apache.spark.sql.types.DataTypes;
import org.apache.spark.sql.types.StructType;
import org.sparklstm.config.SettingsLoader;
import org.sparklstm.error.InputException;
import org.sparklstm.files.AtomicFiles;
import org.sparklstm.files.HadoopFiles;
import org.sparklstm.ml.feature.Stages;
import org.sparklstm.model.LstmShape;
import org.sparklstm.run.SavedModel;
import org.sparklstm.score.Tokenizer;
import org.sparklstm.score.UnknownWords;
import org.sparklstm.text.Normalization;
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
 *   <li>on demand {@code adaptedPerplexityCol}, double: the perplexity if the model adapts to the
 *       text while it reads it as one stream, whatever {@code state} is, see {@link
 *       AdaptationParams}. The other columns are those of the model as it was trained.
 * </ul>
 *
 * <p>All are null where the text is null. By default this is the perplexity of cc_net's documents:
 * each line begins with a fresh state, and its end counts. A text scores the same to about 1e-6 of
 * itself, whatever the partitions and the other rows. {@code transform} is lazy and needs no
 * shuffle, so it works on streams.
 */
public final class LstmLmModel extends Model<LstmLmModel>
    implements MLWritable, ScoringParams<LstmLmModel>, AdaptationParams<LstmLmModel> {
  /** Lanes of a task's replica: with more, products are hardly faster, and the last ones idle. */
  public static final int LANES = ScoreTask.LANES;

  private final String uid;
  private final LstmShape shape;
  private final Floats parameters;
  private final Vocabulary vocabulary;
  private final String settings; // of the training, rendered
  private final Normalization normalization;
  private final double test;
  private final Declared declared;
  private final DeclaredAdaptation declaredAdaptation;
  private transient LstmLmTrainingSummary summary; // null: there is none
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
    this.normalization = saved.settings().data().normalization();
    this.test = saved.test();
    this.declared = new Declared(this);
    this.declaredAdaptation = new DeclaredAdaptation(this);
  }

  /**
   * A model that a training run saved.
   *
   * @param path the run's {@code --save-path}, or its {@code model/}, on any Hadoop file system
   * @return it, with default parameters, a new identity and no training summary
   * @throws InputException naming the file that is missing or cannot be used
   */
  public static LstmLmModel fromFiles(String path) {
    Configuration hadoop = SparkSession.active().sparkContext().hadoopConfiguration();
    return new LstmLmModel(Identifiable.randomUID("lstmLm"), SavedModel.read(path, hadoop));
  }

  /** {@return the words in id order} */
  public String[] vocabulary() {
    return vocabulary.words().toArray(String[]::new);
  }

  /** {@return the sizes of the network} */
  public LstmShape shape() {
    return shape;
  }

  /** {@return how many numbers were trained} */
  public int numParameters() {
    return parameters.values().length;
  }

  /** {@return whether this process trained the model} */
  public boolean hasSummary() {
    return summary != null;
  }

  /**
   * {@return how the training went}
   *
   * @throws IllegalStateException if the model was loaded
   */
  public LstmLmTrainingSummary summary() {
    if (summary == null) {
      throw new IllegalStateException(uid + ": no training summary, the model was loaded");
    }
    return summary;
  }

  LstmLmModel with(LstmLmTrainingSummary ofTraining) {
    summary = ofTraining;
    return this;
  }

  @Override
  public Declared declared() {
    return declared;
  }

  @Override
  public DeclaredAdaptation declaredAdaptation() {
    return declaredAdaptation;
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
            sequences(),
            getMaxTokens(),
            normalization,
            penalty(),
            dataset.schema().fieldIndex(getInputCol()),
            !getTokenNatsCol().isEmpty(),
            getAdaptedPerplexityCol().isEmpty()
                ? null
                : new ScoreTask.Adaptation(dynamicEvaluation(), neuralCache()));
    MapPartitionsFunction<Row, Row> score = task::score;
    // Encoders.row came with Spark 3.5
    Encoder<Row> rows = dataset.sparkSession().createDataFrame(List.of(), schema).encoder();
    return dataset.toDF().mapPartitions(score, rows);
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
    return new SavedModel(
        SettingsLoader.parseFile(settings, uid), vocabulary, parameters.values(), test);
  }

  private UnknownWords penalty() {
    UnknownWords words = new UnknownWords(unknownMode(), getUnknownWords());
    if (words.mode() == UnknownWords.Mode.PENALISE && words.words() <= vocabulary.size()) {
      throw new IllegalArgumentException(
          "%s: unknownWords is %s, and must be more than the %s words of the vocabulary"
              .formatted(uid, words.words(), vocabulary.size()));
    }
    return words;
  }

  @Override
  public StructType transformSchema(StructType schema) {
    Tokenizer.of(vocabulary, sequences(), getMaxTokens(), normalization);
    penalty();
    StructType scored = scoredSchema(schema);
    String adapted = getAdaptedPerplexityCol();
    if (adapted.isEmpty()) {
      return scored;
    }
    if (getDynamicRate() == 0 && getCacheWords() == 0) {
      throw new IllegalArgumentException(
          "%s: adaptedPerplexityCol is '%s', so dynamicRate or cacheWords must be more than 0"
              .formatted(uid, adapted));
    }
    Stages.requireAbsent(uid, scored, adapted);
    return scored.add(adapted, DataTypes.DoubleType, true);
  }

  @Override
  public LstmLmModel copy(ParamMap extra) {
    return copyValues(new LstmLmModel(uid, saved()), extra).setParent(parent()).with(summary);
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

  /** {@return what reads a model that {@link #save} or {@link #write} saved} */
  public static MLReader<LstmLmModel> read() {
    return new Reader();
  }

  /**
   * A model that {@link #save} or {@link #write} saved. {@link #fromFiles} reads what {@code
   * PtbTrain} saved.
   *
   * @param path that it was saved to, on any Hadoop file system
   * @return it, with the identity and the parameters that it had, and no training summary
   * @throws InputException naming the file that is missing or cannot be used
   */
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
      Path data = new Path(path, SavedModel.SPARK_ML);
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
      SavedModel saved = SavedModel.read(path + "/" + SavedModel.SPARK_ML, hadoop);
      LstmLmModel model = new LstmLmModel(metadata.uid(), saved);
      Stages.setParams(model, metadata);
      return model;
    }
  }
}
