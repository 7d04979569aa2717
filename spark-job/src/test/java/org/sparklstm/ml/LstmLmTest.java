package org.sparklstm.ml;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.stream.IntStream;
import org.apache.hadoop.conf.Configuration;
import org.apache.spark.SparkConf;
import org.apache.spark.ml.Pipeline;
import org.apache.spark.ml.PipelineModel;
import org.apache.spark.ml.PipelineStage;
import org.apache.spark.ml.param.ParamMap;
import org.apache.spark.ml.tuning.CrossValidator;
import org.apache.spark.ml.tuning.CrossValidatorModel;
import org.apache.spark.ml.tuning.ParamGridBuilder;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.RowFactory;
import org.apache.spark.sql.types.DataTypes;
import org.apache.spark.sql.types.StructType;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.sparklstm.app.TrainJob;
import org.sparklstm.config.SettingsLoader;
import org.sparklstm.corpus.Texts;
import org.sparklstm.error.ConfigurationException;
import org.sparklstm.error.InputException;
import org.sparklstm.ml.feature.Stages;
import org.sparklstm.run.SavedModel;
import org.sparklstm.testing.Corpus;
import org.sparklstm.testing.LocalSpark;
import org.sparklstm.text.Normalization;

class LstmLmTest {
  private static final String[] TINY = {
    "model.hidden-size=3",
    "data.lanes=2",
    "data.window=2",
    "vocabulary.min-count=1",
    "vocabulary.size=8",
    "train.epochs=2",
    "averaging.period=40",
    "cluster.workers=2"
  };
  private static final StructType TEXT =
      new StructType().add("text", DataTypes.StringType).add("validates", DataTypes.BooleanType);

  private static LstmLm estimator() {
    return new LstmLm().setPreset("test").setSettings(TINY).setValidationIndicatorCol("validates");
  }

  private static Dataset<Row> rows(Row... rows) {
    return LocalSpark.session().createDataFrame(Arrays.asList(rows), TEXT);
  }

  private static Row row(String text, Boolean validates) {
    return RowFactory.create(text, validates);
  }

  /** The corpus of tests, some lines a row. */
  private static Dataset<Row> texts() {
    List<Row> rows = new ArrayList<>();
    IntStream.range(0, 20).forEach(copy -> rows.add(row(Corpus.TRAIN, false)));
    Corpus.VALID.lines().forEach(line -> rows.add(row(line, true)));
    return rows(rows.toArray(Row[]::new)).repartition(1).coalesce(1);
  }

  private static LstmLmModel trained;

  /** Trained once for all tests. */
  private static LstmLmModel trained() {
    trained = trained == null ? estimator().fit(texts()) : trained;
    return trained;
  }

  private static float[] parameters(LstmLmModel model, Path directory) throws IOException {
    String path = directory.resolve(model.uid()).toString();
    model.write().overwrite().save(path);
    return SavedModel.read(path + "/data", new Configuration()).parameters();
  }

  @Test
  void aModelHasTheBytesThatTrainingOnFilesGives(@TempDir Path directory) throws IOException {
    Corpus.write(directory, "", Corpus.TRAIN.repeat(20), Corpus.VALID, Corpus.TEST);
    SavedModel ofFiles =
        new TrainJob(LocalSpark.session(), Optional.empty(), List.of())
            .run(
                SettingsLoader.load("test", null, List.of(TINY)),
                () ->
                    Texts.ofFiles(LocalSpark.session(), directory.toString(), Normalization.NONE));

    LstmLmModel model = trained();

    assertThat(parameters(model, directory)).isEqualTo(ofFiles.parameters());
    assertThat(model.vocabulary()).containsExactlyElementsOf(ofFiles.vocabulary().words());
  }

  @Test
  void wordsThatAreCutAlreadyTrainAsTheirText(@TempDir Path directory) throws IOException {
    StructType schema = new StructType().add("text", Stages.TOKENS).add("validates", "boolean");
    List<Row> rows =
        texts().collectAsList().stream()
            .map(
                text ->
                    RowFactory.create(
                        Corpus.tokens(text.getString(0)).toArray(String[]::new),
                        text.getBoolean(1)))
            .toList();
    Dataset<Row> cut = LocalSpark.session().createDataFrame(rows, schema).coalesce(1);

    assertThat(parameters(estimator().fit(cut), directory))
        .isEqualTo(parameters(trained(), directory));
  }

  @Test
  void rowsWithoutWordsAreLeftOut(@TempDir Path directory) throws IOException {
    Dataset<Row> more =
        texts()
            .union(rows(row(null, false), row(" \n", false), row("", null), row("\n\n", true)))
            .coalesce(1);

    assertThat(parameters(estimator().fit(more), directory))
        .isEqualTo(parameters(trained(), directory));
  }

  @Test
  void aShareOfTheRowsValidatesWhateverThePartitions(@TempDir Path directory) throws IOException {
    Row[] rows =
        IntStream.range(0, 400)
            .mapToObj(i -> row("the cat %s sat on %s".formatted(i % 40, i % 7), null))
            .toArray(Row[]::new);
    LstmLm estimator = estimator().setValidationIndicatorCol("").setValidationFraction(0.3);

    LstmLmModel one = estimator.fit(rows(rows).coalesce(1));
    LstmLmModel other =
        estimator.fit(LocalSpark.session().createDataFrame(rows(rows).javaRDD().coalesce(3), TEXT));

    assertThat(parameters(other, directory)).isEqualTo(parameters(one, directory));
  }

  @Test
  void theModelKnowsHowItsTrainingWent(@TempDir Path directory) throws IOException {
    LstmLmModel model = trained();

    assertThat(model.hasSummary()).isTrue();
    LstmLmTrainingSummary summary = model.copy(ParamMap.empty()).summary();
    assertThat(summary.totalEpochs()).isEqualTo(2);
    assertThat(summary.trainPerplexityHistory()).hasSize(2);
    assertThat(summary.validPerplexityHistory()).hasSize(2);
    assertThat(summary.validPerplexityHistory()[1]).isLessThan(summary.validPerplexityHistory()[0]);
    assertThat(summary.tokensPerSecond()).isPositive();

    String path = directory.resolve("saved").toString();
    model.save(path);
    assertThat(LstmLmModel.load(path).hasSummary()).isFalse();
  }

  @Test
  void aRunThatIsKeptContinuesWhereItEnded(@TempDir Path directory) throws IOException {
    float[] whole = parameters(trained(), directory);
    String[] once = TINY.clone();
    once[5] = "train.epochs=1";
    LstmLm kept = estimator().setSavePath(directory.resolve("run").toString());

    kept.copy(ParamMap.empty()).setSettings(once).fit(texts());

    assertThatThrownBy(() -> kept.fit(texts())).hasMessageContaining("holds an earlier run");
    LstmLmModel continued = kept.setResume(true).fit(texts());
    assertThat(continued.summary().totalEpochs()).isEqualTo(1);
    assertThat(parameters(continued, directory)).isEqualTo(whole);
  }

  @Test
  void whatIsWrongIsRefusedBeforeTraining() {
    assertThatThrownBy(() -> estimator().setInputCol("body").fit(texts()))
        .hasMessageContaining("no input column body among text, validates");
    assertThatThrownBy(() -> estimator().setSettings("train.epoch=2").fit(texts()))
        .isInstanceOf(ConfigurationException.class)
        .hasMessageContaining("train.epochs");
    assertThatThrownBy(() -> estimator().setPreset("smal").fit(texts()))
        .isInstanceOf(ConfigurationException.class)
        .hasMessageContaining("small");
    assertThatThrownBy(() -> estimator().setResume(true).fit(texts()))
        .hasMessageContaining("resume needs a savePath");
    assertThatThrownBy(() -> estimator().setValidationIndicatorCol("text").fit(texts()))
        .hasMessageContaining("column text must be boolean, is string");
    assertThatThrownBy(() -> estimator().setTokensCol("text").fit(texts()))
        .hasMessageContaining("column text already exists");
    assertThatThrownBy(() -> estimator().fit(texts().where("validates")))
        .isInstanceOf(InputException.class)
        .hasMessageContaining("Cannot cut the training rows into windows");
  }

  @Test
  void aWordHasNoWhiteSpace() {
    StructType schema = new StructType().add("text", Stages.TOKENS).add("validates", "boolean");
    List<Row> rows = List.of(RowFactory.create(new String[] {"in", "New York"}, false));

    assertThatThrownBy(() -> estimator().fit(LocalSpark.session().createDataFrame(rows, schema)))
        .isInstanceOf(InputException.class)
        .hasMessage(
            "Cannot read the training rows: 'New York' of column text is no word, it is empty or has"
                + " white space");
  }

  @Test
  void aSerialiserThatCannotWriteRecordsIsRefused() {
    SparkConf kryo =
        new SparkConf(false).set("spark.serializer", "org.apache.spark.serializer.KryoSerializer");

    assertThatThrownBy(() -> LstmLm.requireJavaSerializer(kryo))
        .hasMessageContaining("spark.serializer is org.apache.spark.serializer.KryoSerializer");
    LstmLm.requireJavaSerializer(new SparkConf(false));
  }

  @Test
  void aPipelineHandsTheColumnsOnAndIsSaved(@TempDir Path directory) throws IOException {
    LstmLm estimator = estimator().setPerplexityCol("ppl").setState("document");
    String path = directory.resolve("pipeline").toString();
    new Pipeline().setStages(new PipelineStage[] {estimator}).save(path);

    PipelineModel trained = Pipeline.load(path).fit(texts());
    trained.save(directory.resolve("trained").toString());
    Dataset<Row> scored =
        PipelineModel.load(directory.resolve("trained").toString()).transform(texts());

    assertThat(scored.columns())
        .containsExactly("text", "validates", "ppl", "logProbability", "tokens", "unknown");
    assertThat(scored.where("ppl > 1").count()).isEqualTo(texts().count());
    assertThat(((LstmLmModel) trained.stages()[0]).getState()).isEqualTo("document");
  }

  @Test
  void crossValidationChoosesByPerplexity() {
    LstmLm estimator = estimator().setValidationIndicatorCol("").setValidationFraction(0.4);
    String[] still = TINY.clone();
    still[5] = "train.learning-rate=1e-9";
    Row[] rows =
        IntStream.range(0, 90)
            .mapToObj(i -> row("the cat %s sat on the mat".formatted(i % 9), null))
            .toArray(Row[]::new);

    CrossValidatorModel chosen =
        new CrossValidator()
            .setEstimator(estimator)
            .setEstimatorParamMaps(
                new ParamGridBuilder()
                    .addGrid(
                        estimator.settings(),
                        scala.collection.JavaConverters.asScalaBuffer(List.of(still, TINY)))
                    .build())
            .setEvaluator(new PerplexityEvaluator())
            .setNumFolds(2)
            .setSeed(1)
            .fit(rows(rows).coalesce(1));

    assertThat(chosen.avgMetrics()[1]).isLessThan(chosen.avgMetrics()[0]);
    LstmLm best = (LstmLm) chosen.bestModel().parent();
    assertThat(best.getSettings()).isEqualTo(TINY);
  }

  @Test
  void perplexitiesAreJoinedByTheirPredictions() {
    StructType schema =
        new StructType()
            .add("perplexity", DataTypes.DoubleType)
            .add("logProbability", DataTypes.DoubleType);
    Dataset<Row> scored =
        LocalSpark.session()
            .createDataFrame(
                List.of(
                    RowFactory.create(Math.exp(2), -6.0), // three predictions
                    RowFactory.create(Math.exp(5), -5.0), // one
                    RowFactory.create(null, null)),
                schema);
    PerplexityEvaluator evaluator = new PerplexityEvaluator();

    assertThat(evaluator.evaluate(scored)).isCloseTo(Math.exp(11.0 / 4), within(1e-9));
    assertThat(evaluator.isLargerBetter()).isFalse();
    assertThat(evaluator.evaluate(scored.where("perplexity is null"))).isNaN();
    assertThatThrownBy(() -> evaluator.setPerplexityCol("text").evaluate(scored))
        .hasMessageContaining("no input column text");
  }
}
