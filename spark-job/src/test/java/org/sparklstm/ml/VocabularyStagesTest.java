package org.sparklstm.ml;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.sparklstm.ml.VocabularyIndexerTest.indexer;
import static org.sparklstm.ml.VocabularyIndexerTest.text;

import java.io.IOException;
import java.nio.file.Path;
import org.apache.spark.sql.types.StructType;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.sparklstm.spark.LocalSpark;

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
    assertThat(loaded.vocabulary().words()).isEqualTo(saved.vocabulary().words());
    assertThat(loaded.extractParamMap().toString()).isEqualTo(saved.extractParamMap().toString());
    assertThat(loaded.transform(text("b")).columns()).containsExactly("tokens", "numbers");
  }

  @Test
  void aModelIsNotSavedOverAnotherUnlessTold(@TempDir Path directory) throws IOException {
    String path = directory.toString();
    VocabularyIndexerModel model = indexer(4).fit(text("a b"));

    assertThatThrownBy(() -> model.save(path))
        .isInstanceOf(IOException.class)
        .hasMessageContaining("already exists");
    model.write().overwrite().save(path);
    assertThat(VocabularyIndexerModel.load(path).vocabulary().words()).containsExactly("a", "b");
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
