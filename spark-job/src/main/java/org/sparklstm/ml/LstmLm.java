package org.sparklstm.ml;

import static org.apache.spark.sql.functions.coalesce;
import static org.apache.spark.sql.functions.col;
import static org.apache.spark.sql.functions.lit;
import static org.apache.spark.sql.functions.not;
import static org.apache.spark.sql.functions.pmod;
import static org.apache.spark.sql.functions.xxhash64;

import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.apache.spark.SparkConf;
import org.apache.spark.SparkContext;
import org.apache.spark.ml.Estimator;
import org.apache.spark.ml.param.BooleanParam;
import org.apache.spark.ml.param.DoubleParam;
import org.apache.spark.ml.param.Param;
import org.apache.spark.ml.param.ParamMap;
import org.apache.spark.ml.param.ParamValidators;
import org.apache.spark.ml.param.StringArrayParam;
import org.apache.spark.ml.util.DefaultParamsReader;
import org.apache.spark.ml.util.DefaultParamsWritable;
import org.apache.spark.ml.util.Identifiable;
import org.apache.spark.ml.util.MLReader;
import org.apache.spark.serializer.JavaSerializer;
import org.apache.spark.sql.Column;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.types.DataTypes;
import org.apache.spark.sql.types.StructType;
import org.sparklstm.app.Progress;
import org.sparklstm.app.TrainJob;
import org.sparklstm.cluster.Watchdog;
import org.sparklstm.config.Settings;
import org.sparklstm.config.SettingsLoader;
import org.sparklstm.corpus.Texts;
import org.sparklstm.error.InputException;
import org.sparklstm.error.TrainingException;
import org.sparklstm.ml.feature.Stages;
import org.sparklstm.run.RunDirectory;
import org.sparklstm.run.RunDirectory.ExistingRun;
import org.sparklstm.run.RunListener;
import org.sparklstm.run.RunListener.EpochSummary;
import org.sparklstm.run.SavedModel;

/**
 * Trains a language model on a column of texts, as {@code PtbTrain} does on files: the same
 * vocabulary, plan, averaging and schedule. Texts follow each other in the order of the rows, which
 * must be the same whenever they are computed.
 *
 * <p>A text is a string, of which each line is a sentence, or an array of words in which {@code
 * <eos>} ends a sentence. Rows without words are left out. Some of the rows validate: those of
 * {@code validationIndicatorCol}, else a share that {@code validationFraction} says, chosen by a
 * hash of the text.
 *
 * <p>The settings are those of {@code PtbTrain}: a preset, and {@code key=value} for what replaces
 * it. With {@code savePath} the run keeps checkpoints, metrics and the model there, and {@code
 * resume} continues one.
 */
public final class LstmLm extends Estimator<LstmLmModel>
    implements DefaultParamsWritable, ScoringParams<LstmLm> {
  private static final int HASHES = 1 << 20;

  private final String uid;
  private final Declared declared;
  private final Param<String> preset;
  private final StringArrayParam settings;
  private final DoubleParam validationFraction;
  private final Param<String> validationIndicatorCol;
  private final Param<String> savePath;
  private final BooleanParam resume;

  /** An estimator with the settings of {@code small} and an identity of its own. */
  public LstmLm() {
    this(Identifiable.randomUID("lstmLm"));
  }

  /**
   * An estimator with a given identity, as loading needs it.
   *
   * @param uid Spark ML's name of this stage, which models take over
   */
  public LstmLm(String uid) {
    this.uid = uid;
    this.declared = new Declared(this);
    this.preset =
        new Param<>(
            this,
            "preset",
            "settings to begin with, one of " + String.join(", ", SettingsLoader.presets()));
    this.settings =
        new StringArrayParam(this, "settings", "key=value of PtbTrain that replaces the preset's");
    this.validationFraction =
        new DoubleParam(
            this,
            "validationFraction",
            "share of the rows that validate, chosen by a hash of their text",
            ParamValidators.inRange(0, 1, false, false));
    this.validationIndicatorCol =
        new Param<>(
            this,
            "validationIndicatorCol",
            "boolean column, true in rows that validate; empty: validationFraction decides");
    this.savePath =
        new Param<>(
            this, "savePath", "directory for checkpoints, metrics and the model; empty: none");
    this.resume =
        new BooleanParam(
            this, "resume", "continue the run in savePath from its newest checkpoint, or begin it");
    setDefault(preset, "small");
    setDefault(settings, new String[0]);
    setDefault(validationFraction, 0.1);
    setDefault(validationIndicatorCol, "");
    setDefault(savePath, "");
    setDefault(resume, false);
  }

  @Override
  public Declared declared() {
    return declared;
  }

  /**
   * {@return the parameter {@code preset}: the preset that gives the settings to begin with; {@code
   * small} by default}
   */
  public Param<String> preset() {
    return preset;
  }

  /**
   * {@return the parameter {@code settings}: the settings that replace those of the preset, each
   * {@code key=value}; none by default}
   */
  public StringArrayParam settings() {
    return settings;
  }

  /**
   * {@return the parameter {@code validationFraction}: the share of the rows that validate; 0.1 by
   * default}
   */
  public DoubleParam validationFraction() {
    return validationFraction;
  }

  /**
   * {@return the parameter {@code validationIndicatorCol}: the boolean column that says which rows
   * validate, or empty if {@code validationFraction} decides; empty by default}
   */
  public Param<String> validationIndicatorCol() {
    return validationIndicatorCol;
  }

  /**
   * {@return the parameter {@code savePath}: the directory for checkpoints, metrics and the model,
   * or empty for none; empty by default}
   */
  public Param<String> savePath() {
    return savePath;
  }

  /**
   * {@return the parameter {@code resume}: whether the run in {@code savePath} is continued; false
   * by default}
   */
  public BooleanParam resume() {
    return resume;
  }

  /** {@return the preset that gives the settings to begin with} */
  public String getPreset() {
    return $(preset);
  }

  /** {@return the settings that replace those of the preset, each {@code key=value}} */
  public String[] getSettings() {
    return $(settings);
  }

  /** {@return the share of the rows that validate} */
  public double getValidationFraction() {
    return (Double) $(validationFraction);
  }

  /**
   * {@return the boolean column that says which rows validate, or empty if {@code
   * validationFraction} decides}
   */
  public String getValidationIndicatorCol() {
    return $(validationIndicatorCol);
  }

  /** {@return the directory for checkpoints, metrics and the model, or empty for none} */
  public String getSavePath() {
    return $(savePath);
  }

  /** {@return whether the run in {@code savePath} is continued} */
  public boolean getResume() {
    return (Boolean) $(resume);
  }

  /**
   * Names the settings to begin with.
   *
   * @param name one of {@link SettingsLoader#presets()}
   * @return this stage
   */
  public LstmLm setPreset(String name) {
    return (LstmLm) set(preset, name);
  }

  /**
   * Replaces settings of the preset. The keys are those of {@code PtbTrain}. A key that does not
   * exist fails when the stage is used.
   *
   * @param assignments {@code key=value} each, for instance {@code train.epochs=5}
   * @return this stage
   */
  public LstmLm setSettings(String... assignments) {
    return (LstmLm) set(settings, assignments);
  }

  /**
   * Sets the share of the rows that validate, without a {@code validationIndicatorCol}. A hash of
   * the text chooses them, so rows of equal text are on the same side.
   *
   * @param fraction in (0, 1)
   * @return this stage
   */
  public LstmLm setValidationFraction(double fraction) {
    return (LstmLm) set(validationFraction, fraction);
  }

  /**
   * Names the column that says which rows validate. The others train, and so do those with null.
   *
   * @param column its name, of type boolean; empty: {@code validationFraction} decides
   * @return this stage
   */
  public LstmLm setValidationIndicatorCol(String column) {
    return (LstmLm) set(validationIndicatorCol, column);
  }

  /**
   * Names the directory in which a run keeps its checkpoints, metrics and model.
   *
   * @param uri on any Hadoop file system; empty: nothing is kept
   * @return this stage
   */
  public LstmLm setSavePath(String uri) {
    return (LstmLm) set(savePath, uri);
  }

  /**
   * Says what to do with a run that {@code savePath} has already.
   *
   * @param resumes true: continue it from its newest checkpoint, or begin it if there is none;
   *     false: refuse it
   * @return this stage
   */
  public LstmLm setResume(boolean resumes) {
    return (LstmLm) set(resume, resumes);
  }

  /**
   * Trains a model.
   *
   * @throws org.sparklstm.error.ConfigurationException if a setting cannot be used
   * @throws org.sparklstm.error.InputException if the texts cannot be used
   * @throws TrainingException if training fails
   */
  @Override
  public LstmLmModel fit(Dataset<?> dataset) {
    transformSchema(dataset.schema());
    SparkContext spark = dataset.sparkSession().sparkContext();
    requireJavaSerializer(spark.getConf());
    Settings wanted = wanted();
    Optional<RunDirectory> directory =
        Optional.of(getSavePath())
            .filter(uri -> !uri.isEmpty())
            .map(uri -> RunDirectory.open(uri, spark.hadoopConfiguration(), existing()));
    List<EpochSummary> epochs = new ArrayList<>();
    RunListener history =
        new RunListener() {
          @Override
          public void epochEnded(EpochSummary epoch) {
            epochs.add(epoch);
          }
        };
    TrainJob job =
        new TrainJob(dataset.sparkSession(), directory, List.of(history, new Progress()));
    Dataset<Row> rows = dataset.toDF();
    Column validates = validates();
    SavedModel saved;
    try (Watchdog watchdog = new Watchdog(spark, wanted.cluster().roundTimeout())) {
      try {
        saved =
            job.run(
                wanted,
                () ->
                    Texts.ofColumns(
                        rows.where(not(validates)),
                        rows.where(validates),
                        getInputCol(),
                        wanted.data().normalization()));
      } catch (Exception e) { // Scala throws what it does not declare
        Exception why = watchdog.explained(e);
        throw why instanceof RuntimeException unchecked
            ? unchecked
            : new TrainingException(InputException.firstLine(why), why);
      }
    }
    LstmLmModel model = new LstmLmModel(uid, saved).setParent(this);
    return copyValues(model, ParamMap.empty()).with(new LstmLmTrainingSummary(epochs));
  }

  private Settings wanted() {
    return SettingsLoader.load(getPreset(), null, List.of(getSettings()));
  }

  private ExistingRun existing() {
    return getResume() ? ExistingRun.RESUME : ExistingRun.REFUSE;
  }

  private Column validates() {
    return getValidationIndicatorCol().isEmpty()
        ? pmod(xxhash64(col(getInputCol())), lit(HASHES))
            .lt(Math.round(getValidationFraction() * HASHES))
        : coalesce(col(getValidationIndicatorCol()), lit(false));
  }

  /** Refuses a serialiser that cannot write records, which tasks send. */
  static void requireJavaSerializer(SparkConf conf) {
    String java = JavaSerializer.class.getName();
    String found = conf.get("spark.serializer", java);
    if (!found.equals(java)) {
      throw new IllegalArgumentException(
          "Cannot train in this Spark session: spark.serializer is %s, must be %s"
              .formatted(found, java));
    }
  }

  @Override
  public StructType transformSchema(StructType schema) {
    if (!getValidationIndicatorCol().isEmpty()) {
      Stages.requireColumn(uid, schema, getValidationIndicatorCol(), DataTypes.BooleanType);
    }
    if (getResume() && getSavePath().isEmpty()) {
      throw new IllegalArgumentException(uid + ": resume needs a savePath");
    }
    wanted(); // which refuses what is no setting
    return scoredSchema(schema);
  }

  @Override
  public LstmLm copy(ParamMap extra) {
    return defaultCopy(extra);
  }

  @Override
  public String uid() {
    return uid;
  }

  /** {@return what reads an estimator that was saved} */
  public static MLReader<LstmLm> read() {
    return new DefaultParamsReader<>();
  }

  /**
   * An estimator that was saved.
   *
   * @param path that it was saved to, on any Hadoop file system
   * @return it, with the identity and the parameters that it had
   */
  public static LstmLm load(String path) {
    return read().load(path);
  }
}
