package org.sparklstm.ml.feature;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.sparklstm.ml.feature.VocabularyIndexerTest.indexer;
import static org.sparklstm.ml.feature.VocabularyIndexerTest.text;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;
import org.apache.spark.SparkConf;
import org.apache.spark.serializer.KryoSerializer;
import org.apache.spark.serializer.SerializerInstance;
import org.apache.spark.sql.types.StructType;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.sparklstm.testing.LocalSpark;
import org.sparklstm.text.Vocabulary;
import scala.reflect.ClassTag;
import scala.reflect.ClassTag$;

/** The vocabulary's estimator and model as stages of Spark ML: saving, and checks of columns. */
class VocabularyStagesTest {

  @Test
  void savedIndexerIsLoadedWithItsParameters(@TempDir Path directory) throws IOException {
    LocalSpark.session();
    String path = directory.resolve("stage").toString();
    VocabularyIndexer saved = indexer(7).setInputCol("words").setOutputCol("numbers");

    saved.save(path);
    VocabularyIndexer loaded = VocabularyIndexer.load(path);

    assertThat(loaded.uid()).isEqualTo(saved.uid());
    assertThat(loaded.extractParamMap().toString()).isEqualTo(saved.extractParamMap().toString());
  }

  @Test
  void savedModelIsLoadedWithItsWordsAndParameters(@TempDir Path directory) throws IOException {
    String path = directory.resolve("model").toString();
    VocabularyIndexerModel saved = indexer(4).fit(text("é 𝄞 b b c c d")).setOutputCol("numbers");

    saved.save(path);
    VocabularyIndexerModel loaded = VocabularyIndexerModel.load(path);

    assertThat(loaded.uid()).isEqualTo(saved.uid());
    assertThat(loaded.vocabulary()).isEqualTo(saved.vocabulary());
    assertThat(loaded.extractParamMap().toString()).isEqualTo(saved.extractParamMap().toString());
    assertThat(loaded.transform(text("b")).columns()).containsExactly("tokens", "numbers");
  }

  @Test
  void aModelIsSavedAsSparkSavesItsOwn(@TempDir Path directory) throws IOException {
    VocabularyIndexerModel model = indexer(4).fit(text("a b"));

    model.save(directory.resolve("model").toString());

    try (Stream<Path> files = Files.list(directory.resolve("model"))) {
      assertThat(files.map(file -> file.getFileName().toString()))
          .containsExactlyInAnyOrder("metadata", "data");
    }
  }

  @Test
  void aModelIsMadeOfWordsOrOfASavedVocabulary(@TempDir Path directory) throws IOException {
    LocalSpark.session();
    Path file = Files.writeString(directory.resolve("vocabulary.txt"), "b\n<unk>\né\n");

    VocabularyIndexerModel read = VocabularyIndexerModel.fromVocabularyFile(file.toString());
    VocabularyIndexerModel made = new VocabularyIndexerModel(new String[] {"b", "<unk>", "é"});

    assertThat(read.vocabulary()).isEqualTo(made.vocabulary()).containsExactly("b", "<unk>", "é");
    assertThat(made.transform(text("é zebra b")).select("ids").head().getList(0))
        .containsExactly(2, 1, 0);
    assertThat(new VocabularyIndexerModel("index", new String[] {"b", "a"}))
        .hasToString("VocabularyIndexerModel: uid=index, vocabularySize=2");
    assertThatThrownBy(() -> new VocabularyIndexerModel(new String[] {"b", "b"}))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessage("Word b stands twice");
  }

  @ParameterizedTest
  @ValueSource(strings = {"a\n\nb", "a b\nc", "a\u2028b", ""})
  void aFileThatIsNoVocabularyIsRefused(String text, @TempDir Path directory) throws IOException {
    LocalSpark.session();
    Path file = Files.writeString(directory.resolve("vocabulary.txt"), text);

    assertThatThrownBy(() -> VocabularyIndexerModel.fromVocabularyFile(file.toString()))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageStartingWith("A vocabulary has one word a line: line ");
  }

  @Test
  void defaultsStayDefaultsInTheModel() {
    VocabularyIndexerModel model = indexer(4).setOutputCol("numbers").fit(text("a"));

    assertThat(model.isSet(model.inputCol())).isFalse();
    assertThat(model.isSet(model.outputCol())).isTrue();
    assertThat(model.getInputCol()).isEqualTo("tokens");
    assertThat(model.getOutputCol()).isEqualTo("numbers");
  }

  @Test
  void parametersCanBeRead() {
    VocabularyIndexer indexer = indexer(4).setMinCount(3);

    assertThat(indexer.getInputCol()).isEqualTo("tokens");
    assertThat(indexer.getOutputCol()).isEqualTo("ids");
    assertThat(indexer.getVocabularySize()).isEqualTo(4);
    assertThat(indexer.getMinCount()).isEqualTo(3);
  }

  @Test
  void aVocabularyIsBroadcastByKryoToo() {
    SerializerInstance kryo = new KryoSerializer(new SparkConf(false)).newInstance();
    ClassTag<Vocabulary> type = ClassTag$.MODULE$.apply(Vocabulary.class);

    Vocabulary copy =
        kryo.deserialize(kryo.serialize(new Vocabulary(List.of("a", "<unk>")), type), type);

    assertThat(copy.words()).containsExactly("a", "<unk>");
    assertThat(copy.id("zebra")).hasValue(1);
  }

  @Test
  void aModelIsNotSavedOverAnotherUnlessTold(@TempDir Path directory) throws IOException {
    String path = directory.toString();
    VocabularyIndexerModel model = indexer(4).fit(text("a b"));

    assertThatThrownBy(() -> model.save(path))
        .isInstanceOf(IOException.class)
        .hasMessageContaining("already exists");
    model.write().overwrite().save(path);
    assertThat(VocabularyIndexerModel.load(path).vocabulary()).containsExactly("a", "b");
  }

  @Test
  void columnOfAnotherTypeOrMissingIsNamed() {
    StructType schema = new StructType().add("tokens", "string");

    assertThatThrownBy(() -> new VocabularyIndexer("index").transformSchema(schema))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessage("index: column tokens must be array<string>, is string");
    assertThatThrownBy(() -> new VocabularyIndexer("index").setInputCol("x").fit(text("a")))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessage("index: no input column x among tokens");
  }

  @Test
  void outputColumnThatExistsIsRefusedByIndexerAndModel() {
    assertThatThrownBy(() -> new VocabularyIndexer("index").setOutputCol("tokens").fit(text("a")))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessage("index: column tokens already exists");
    VocabularyIndexerModel model = new VocabularyIndexer("index").fit(text("a"));
    assertThatThrownBy(() -> model.setOutputCol("tokens").transform(text("a")))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessage("index: column tokens already exists");
  }
}
