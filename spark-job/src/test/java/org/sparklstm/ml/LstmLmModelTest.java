package org.sparklstm.ml;

import static org.apache.spark.sql.functions.col;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import java.util.concurrent.TimeoutException;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.apache.spark.SparkConf;
import org.apache.spark.ml.Pipeline;
import org.apache.spark.ml.PipelineModel;
import org.apache.spark.ml.PipelineStage;
import org.apache.spark.ml.param.Param;
import org.apache.spark.ml.param.ParamMap;
import org.apache.spark.serializer.JavaSerializer;
import org.apache.spark.serializer.SerializerInstance;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.RowFactory;
import org.apache.spark.sql.streaming.StreamingQuery;
import org.apache.spark.sql.streaming.StreamingQueryException;
import org.apache.spark.sql.streaming.Trigger;
import org.apache.spark.sql.types.DataTypes;
import org.apache.spark.sql.types.StructType;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.sparklstm.engine.Replica;
import org.sparklstm.error.InputException;
import org.sparklstm.ml.feature.Stages;
import org.sparklstm.run.SavedModel;
import org.sparklstm.score.DynamicEvaluation;
import org.sparklstm.score.NeuralCache;
import org.sparklstm.score.StreamScorer;
import org.sparklstm.testing.LocalSpark;
import org.sparklstm.testing.Models;
import org.sparklstm.testing.Replicas;
import org.sparklstm.text.Window;
import scala.reflect.ClassTag;
import scala.reflect.ClassTag$;

class LstmLmModelTest {
  private static final List<String> WORDS = Models.WORDS;
  private static final int UNKNOWN = 4;

  /** What an engine rounds differently in another number of lanes. */
  private static final double TOLERANCE = 1e-5;

  private static LstmLmModel model() {
    return new LstmLmModel("lm", Models.of(1)).setUnknown("count");
  }

  /** A model for which every word has the same probability. */
  private static LstmLmModel uniform() {
    return new LstmLmModel("lm", Models.of(0));
  }

  private static Dataset<Row> texts(String... texts) {
    StructType schema =
        new StructType().add("id", DataTypes.IntegerType).add("text", DataTypes.StringType);
    List<Row> rows =
        IntStream.range(0, texts.length).mapToObj(i -> RowFactory.create(i, texts[i])).toList();
    return LocalSpark.session().createDataFrame(rows, schema);
  }

  private static Row scored(LstmLmModel model, String text) {
    return model.transform(texts(text)).head();
  }

  /** Σ −ln p of words that follow {@code <eos>} and a zero state, word by word. */
  private static double nats(int... ids) {
    SavedModel model = Models.of(1);
    try (Replica replica = Replicas.of(model.shape(), 1)) {
      replica.setParameters(model.parameters());
      double sum = 0;
      int before = 0;
      for (int id : ids) {
        sum += replica.score(new Window(0, 0, 1, 1, new int[] {before}, new int[] {id}))[0];
        before = id;
      }
      return sum;
    }
  }

  @Test
  void aTextHasTheProbabilityOfItsWordsAndItsLineEnds() {
    Row row = scored(model(), "the cat\nsat zebra\n");

    double expected = nats(1, 2, 0) + nats(3, UNKNOWN, 0);
    assertThat(row.<Double>getAs("logProbability")).isCloseTo(-expected, within(TOLERANCE));
    assertThat(row.<Double>getAs("perplexity"))
        .isCloseTo(Math.exp(expected / 6), within(TOLERANCE * Math.exp(expected / 6)));
    assertThat(row.<Integer>getAs("tokens")).isEqualTo(4);
    assertThat(row.<Integer>getAs("unknown")).isEqualTo(1);
  }

  @Test
  void aTextIsNormalizedAsTheModelsTrainingNormalizedIt() {
    SavedModel saved = Models.of(1, "data.normalization=cc-net");
    LstmLmModel normalizing = new LstmLmModel("lm", saved).setUnknown("count");

    assertThat(scored(normalizing, "The CÁT\nsaT Zebra").<Double>getAs("logProbability"))
        .isEqualTo(scored(model(), "the cat\nsat zebra").<Double>getAs("logProbability"));
  }

  @Test
  void aDocumentCarriesItsStateFromLineToLine() {
    Row row = scored(model().setState("document"), "the cat\nsat");

    assertThat(row.<Double>getAs("logProbability"))
        .isCloseTo(-nats(1, 2, 0, 3, 0), within(TOLERANCE));
  }

  @Test
  void unknownWordsShareTheProbabilityOfUnknownUnlessItIsSaidOtherwise() {
    double uniform = Math.log(6);

    Row shared = scored(uniform().setUnknownWords(6 + 10), "zebra");
    assertThat(shared.<Double>getAs("logProbability"))
        .isCloseTo(-2 * uniform - Math.log(10), within(TOLERANCE));
    Row excluded = scored(uniform().setUnknown("exclude"), "zebra");
    assertThat(excluded.<Double>getAs("logProbability")).isCloseTo(-uniform, within(TOLERANCE));
    Row counted = scored(uniform().setUnknown("count"), "zebra");
    assertThat(counted.<Double>getAs("perplexity")).isCloseTo(6, within(TOLERANCE));
  }

  @Test
  void wordsBehindTheMostAreLeftOut() {
    Row row = scored(uniform().setMaxTokens(2), "the cat sat");

    assertThat(row.<Integer>getAs("tokens")).isEqualTo(2);
    assertThat(row.<Double>getAs("logProbability")).isCloseTo(-2 * Math.log(6), within(TOLERANCE));
  }

  @Test
  void eachTokenMayHaveItsOwnColumn() {
    Row row = scored(uniform().setTokenNatsCol("nats"), "the cat");

    assertThat(row.<Double>getList(row.fieldIndex("nats")))
        .hasSize(3)
        .allSatisfy(nats -> assertThat(nats).isCloseTo(Math.log(6), within(TOLERANCE)));
  }

  @Test
  void nullIsNullAndATextWithoutWordsHasNoPerplexity() {
    List<Row> rows =
        uniform().setTokenNatsCol("nats").transform(texts(null, "", " \n", "the")).collectAsList();

    assertThat(rows.get(0)).isEqualTo(RowFactory.create(0, null, null, null, null, null, null));
    for (Row row : rows.subList(1, 3)) {
      assertThat(row.isNullAt(row.fieldIndex("perplexity"))).isTrue();
      assertThat(row.isNullAt(row.fieldIndex("logProbability"))).isTrue();
      assertThat(row.<Integer>getAs("tokens")).isZero();
    }
    assertThat(rows.get(3).<Double>getAs("perplexity")).isCloseTo(6, within(TOLERANCE));
  }

  @Test
  void wordsThatAreCutAlreadyScoreAsTheirText() {
    StructType schema = new StructType().add("text", Stages.TOKENS);
    List<Row> rows = List.of(RowFactory.create((Object) new String[] {"the", "<eos>", "cat"}));
    Dataset<Row> tokens = LocalSpark.session().createDataFrame(rows, schema);

    assertThat(model().transform(tokens).head().<Double>getAs("logProbability"))
        .isEqualTo(scored(model(), "the\ncat").<Double>getAs("logProbability"));
  }

  @Test
  void allRowsAndColumnsStayWhereTheyAreAndTheirScoresDependOnNoOtherRow() {
    Random random = new Random(7);
    String[] texts = Stream.generate(() -> text(random)).limit(500).toArray(String[]::new);
    Dataset<Row> input = texts(texts).repartition(7).withColumn("more", col("id").cast("string"));

    Dataset<Row> output = model().transform(input);

    List<Row> before = input.collectAsList();
    List<Row> after = output.collectAsList();
    assertThat(output.javaRDD().getNumPartitions()).isEqualTo(7);
    assertThat(output.columns())
        .containsExactly("id", "text", "more", "perplexity", "logProbability", "tokens", "unknown");
    assertThat(after).hasSameSizeAs(before);
    Row[] alone = new Row[texts.length];
    model()
        .transform(texts(texts).coalesce(1))
        .collectAsList()
        .forEach(r -> alone[r.getInt(0)] = r);
    for (int i = 0; i < after.size(); i++) {
      Row row = after.get(i);
      assertThat(row.getInt(0)).isEqualTo(before.get(i).getInt(0));
      assertThat(row.getString(1)).isEqualTo(before.get(i).getString(1));
      assertThat(row.getString(2)).isEqualTo(before.get(i).getString(2));
      double expected = alone[row.getInt(0)].<Double>getAs("logProbability");
      assertThat(row.<Double>getAs("logProbability"))
          .isCloseTo(expected, within(TOLERANCE * (1 - expected)));
    }
  }

  /** One to three lines of up to nine words. */
  private static String text(Random random) {
    List<String> words = new ArrayList<>(List.of("the"));
    for (int i = random.nextInt(20); i > 0; i--) {
      words.add(random.nextInt(9) == 0 ? "\n" : WORDS.get(1 + random.nextInt(5)));
    }
    return String.join(" ", words);
  }

  @Test
  void theGuidesSqlPutsTextsIntoHeadMiddleAndTail() throws IOException {
    String guide = Files.readString(Path.of("../docs/guides/scoring.md"));
    int begin = guide.indexOf("```sql") + 6;
    String sql = guide.substring(begin, guide.indexOf("```", begin));
    List<String> texts =
        IntStream.range(0, 10).mapToObj(i -> "the " + "cat ".repeat(i % 5) + "é").toList();
    model().transform(texts(texts.toArray(String[]::new))).createOrReplaceTempView("scored");

    List<Row> rows = LocalSpark.session().sql(sql).orderBy("perplexity").collectAsList();

    assertThat(rows.stream().map(row -> row.<String>getAs("bucket")))
        .containsExactly(
            "head", "head", "head", "head", "middle", "middle", "tail", "tail", "tail", "tail");
  }

  @Test
  void rowsThatNobodyAsksForAreNotScored() {
    assertThat(model().transform(texts("the", "cat", "sat")).limit(1).collectAsList()).hasSize(1);
  }

  @Test
  void aStreamIsScoredLikeATable(@TempDir Path directory)
      throws IOException, TimeoutException, StreamingQueryException {
    Files.writeString(directory.resolve("texts.txt"), "the cat\nsat\n");
    Dataset<Row> stream =
        LocalSpark.session()
            .readStream()
            .text(directory.toString())
            .withColumnRenamed("value", "text");

    StreamingQuery query =
        model()
            .transform(stream)
            .writeStream()
            .format("memory")
            .queryName("scored")
            .trigger(Trigger.AvailableNow())
            .start();
    query.awaitTermination();

    List<Row> rows = LocalSpark.session().table("scored").collectAsList();
    assertThat(rows.stream().map(row -> row.<Double>getAs("perplexity")))
        .containsExactly(
            scored(model(), "the cat").<Double>getAs("perplexity"),
            scored(model(), "sat").<Double>getAs("perplexity"));
  }

  @Test
  void savedModelIsLoadedAloneAndInAPipeline(@TempDir Path directory) throws IOException {
    LstmLmModel model = model().setState("document").setMaxTokens(5);
    Row expected = scored(model, "the cat\nsat");
    String alone = directory.resolve("alone").toString();
    String pipeline = directory.resolve("pipeline").toString();

    model.save(alone);
    new Pipeline().setStages(new PipelineStage[] {model}).fit(texts("the")).save(pipeline);

    LstmLmModel loaded = LstmLmModel.load(alone);
    assertThat(loaded.uid()).isEqualTo(model.uid());
    assertThat(loaded.extractParamMap().toString()).isEqualTo(model.extractParamMap().toString());
    assertThat(scored(loaded, "the cat\nsat")).isEqualTo(expected);
    assertThat(PipelineModel.load(pipeline).transform(texts("the cat\nsat")).head())
        .isEqualTo(expected);
    try (Stream<Path> files = Files.list(directory.resolve("alone/data"))) {
      assertThat(files.map(file -> file.getFileName().toString()))
          .contains("model.safetensors", "vocabulary.txt", "config.conf");
    }
  }

  @Test
  void aModelThatATaskCarriesScoresAsBefore() {
    SerializerInstance java = new JavaSerializer(new SparkConf()).newInstance();
    ClassTag<LstmLmModel> type = ClassTag$.MODULE$.apply(LstmLmModel.class);
    LstmLmModel carried =
        java.deserialize(java.serialize(model().setState("document"), type), type);

    assertThat(scored(carried, "the cat\nsat"))
        .isEqualTo(scored(model().setState("document"), "the cat\nsat"));
  }

  @Test
  void aModelIsMadeOfTheFilesOfARun(@TempDir Path directory) throws IOException {
    model().save(directory.resolve("saved").toString());
    Files.move(directory.resolve("saved/data"), directory.resolve("model"));

    for (Path path : List.of(directory, directory.resolve("model"))) {
      LstmLmModel read = LstmLmModel.fromFiles(path.toString());
      assertThat(read.vocabulary()).containsExactlyElementsOf(WORDS);
      assertThat(scored(read.setUnknown("count"), "the")).isEqualTo(scored(model(), "the"));
    }
    Path nothing = directory.resolve("nothing");
    assertThatThrownBy(() -> LstmLmModel.fromFiles(nothing.toString()))
        .isInstanceOf(InputException.class)
        .hasMessageContaining(nothing.toString());
  }

  @ParameterizedTest
  @ValueSource(strings = {"state", "unknown"})
  void aValueThatIsNotOneOfItsParametersNamesThoseThatAre(String param) {
    LstmLmModel model = model();
    model.set(model.getParam(param), "maybe");

    assertThatThrownBy(() -> model.transform(texts("the")))
        .hasMessageContaining("lm: %s is 'maybe', and must be one of ".formatted(param));
  }

  /** Nothing of a text is left in the model when the next one comes. */
  @Test
  void aModelThatAdaptsToATextSaysSoInAColumnOfItsOwn() {
    String text = "the cat\nsat the\n".repeat(20);
    Dataset<Row> texts = texts(text, "sat sat sat", null, text).coalesce(1);

    List<Row> adapted =
        model()
            .setAdaptedPerplexityCol("adapted")
            .setCacheWords(50)
            .transform(texts)
            .collectAsList();

    List<Row> plain = model().transform(texts).collectAsList();
    for (int i = 0; i < 4; i++) {
      assertThat(adapted.get(i).toSeq().init()).isEqualTo(plain.get(i).toSeq());
    }
    double expected = adaptedNats("the cat\nsat the\n".repeat(20), 0.4, 50);
    assertThat(adapted.get(0).<Double>getAs("adapted"))
        .isCloseTo(Math.exp(expected / 120), within(1e-9))
        .isLessThan(0.7 * plain.get(0).<Double>getAs("perplexity"))
        .isEqualTo(adapted.get(3).<Double>getAs("adapted"));
    assertThat(adapted.get(1).<Double>getAs("adapted")).isPositive();
    assertThat(adapted.get(2).<Double>getAs("adapted")).isNull();
  }

  private static double adaptedNats(String text, double rate, int cacheWords) {
    SavedModel model = Models.of(1);
    int[] ids =
        Arrays.stream(text.replace("\n", " <eos> ").split(" +")).mapToInt(WORDS::indexOf).toArray();
    try (Replica replica = Replicas.of(model.shape(), 1)) {
      StreamScorer scorer =
          new StreamScorer(
              replica,
              model.shape(),
              model.parameters(),
              new DynamicEvaluation(rate, 0.02),
              new NeuralCache.Options(cacheWords, 0.15, 0.6));
      return Arrays.stream(scorer.score(0, ids)).sum();
    }
  }

  @Test
  void aModelThatIsToAdaptNeedsAWayToDoSo() {
    LstmLmModel model = model().setAdaptedPerplexityCol("adapted").setDynamicRate(0);

    assertThatThrownBy(() -> model.transform(texts("the")))
        .hasMessage(
            "lm: adaptedPerplexityCol is 'adapted', so dynamicRate or cacheWords must be more than 0");
    assertThatThrownBy(() -> model.setDynamicDecay(1))
        .hasMessageContaining("lm parameter dynamicDecay given invalid value 1.0");
    assertThatThrownBy(() -> model().setAdaptedPerplexityCol("id").transform(texts("the")))
        .hasMessage("lm: column id already exists");
  }

  @Test
  void theLanguageMustHaveMoreWordsThanTheVocabulary() {
    assertThatThrownBy(() -> uniform().setUnknownWords(6).transform(texts("the")))
        .hasMessage("lm: unknownWords is 6, and must be more than the 6 words of the vocabulary");
  }

  @Test
  void columnsOfAnotherTypeAndColumnsThatExistAreRefusedByName() {
    assertThatThrownBy(() -> model().setInputCol("id").transform(texts("the")))
        .hasMessage("lm: column id must be string or array<string>, is int");
    assertThatThrownBy(() -> model().setTokensCol("id").transform(texts("the")))
        .hasMessage("lm: column id already exists");
  }

  @Test
  void everyParameterIsExplainedAndCopied() {
    LstmLmModel copy = model().setTokenNatsCol("nats").copy(new ParamMap());

    assertThat(copy.extractParamMap().toString())
        .isEqualTo(model().setTokenNatsCol("nats").extractParamMap().toString());
    assertThat(copy.explainParams().lines()).hasSize(16);
    assertThat(copy)
        .hasToString(
            "LstmLmModel: uid=lm, vocabularySize=6, numParameters=" + copy.numParameters());
    assertThat(Arrays.stream(copy.params()).map(Param::name))
        .contains("inputCol", "state", "unknown", "unknownWords", "maxTokens");
  }
}
