package org.sparklstm.ml.feature;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.sparklstm.ml.feature.VocabularyIndexerTest.indexer;
import static org.sparklstm.ml.feature.VocabularyIndexerTest.text;

import java.io.IOException;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.RowFactory;
import org.apache.spark.sql.types.StructType;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.sparklstm.testing.LocalSpark;

class IndexToWordTest {

  @Test
  void idsBecomeTheWordsThatTheyWere() {
    VocabularyIndexerModel model = indexer(3).fit(text("a a b b c d"));
    IndexToWord inverse = new IndexToWord().setVocabulary(model.vocabulary());

    Dataset<Row> words = inverse.transform(model.transform(text("b a zebra", "")));

    assertThat(words.select("words").collectAsList())
        .extracting(row -> row.getList(0))
        .containsExactly(List.of("b", "a", "<unk>"), List.of());
    assertThat(words.schema())
        .isEqualTo(inverse.transformSchema(model.transformSchema(text("").schema())));
  }

  @Test
  void nullBecomesNull() {
    Dataset<Row> words = inverse().transform(ids(null, new Integer[] {1, null}));

    assertThat(words.select("words").collectAsList())
        .extracting(row -> row.isNullAt(0) ? null : row.getList(0))
        .containsExactly(null, Arrays.asList("b", null));
  }

  @Test
  void anIdThatIsNotOfTheVocabularyFailsTheJobByItsNumber() {
    for (int id : new int[] {-1, 2}) {
      assertThatThrownBy(() -> inverse().transform(ids((Object) new Integer[] {id})).collect())
          .rootCause()
          .isInstanceOf(IllegalArgumentException.class)
          .hasMessage("Id %s in column ids is not of a vocabulary of 2 words", id);
    }
  }

  @Test
  void aStageWithoutVocabularyAndAColumnOfAnotherTypeAreRefused() {
    assertThatThrownBy(() -> new IndexToWord("back").transform(ids()))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessage("back: set the vocabulary first");
    assertThatThrownBy(() -> inverse().setInputCol("tokens").transform(text("a")))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageEndingWith(": column tokens must be array<int>, is array<string>");
  }

  @Test
  void savedStageIsLoadedWithItsParameters(@TempDir Path directory) throws IOException {
    LocalSpark.session();
    String path = directory.resolve("stage").toString();
    IndexToWord saved = inverse().setOutputCol("text");

    saved.save(path);
    IndexToWord loaded = IndexToWord.load(path);

    assertThat(loaded.uid()).isEqualTo(saved.uid());
    assertThat(loaded.getVocabulary()).containsExactly("a", "b");
    assertThat(loaded.getInputCol()).isEqualTo("ids");
    assertThat(loaded.getOutputCol()).isEqualTo("text");
  }

  private static IndexToWord inverse() {
    return new IndexToWord().setVocabulary(new String[] {"a", "b"});
  }

  private static Dataset<Row> ids(Object... arrays) {
    StructType schema = new StructType().add("ids", "array<int>");
    return LocalSpark.session()
        .createDataFrame(Arrays.stream(arrays).map(RowFactory::create).toList(), schema);
  }
}
