package org.sparklstm.ml.feature;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.stream.LongStream;
import org.apache.spark.ml.Pipeline;
import org.apache.spark.ml.PipelineModel;
import org.apache.spark.ml.PipelineStage;
import org.apache.spark.ml.feature.RegexTokenizer;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.RowFactory;
import org.apache.spark.sql.types.StructType;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.sparklstm.testing.LocalSpark;

/** The stages together with each other and with one of Spark's own. */
class PipelineTest {

  @Test
  void stagesFormAPipelineWhoseModelReadsOtherText() {
    PipelineModel model = pipeline().fit(lines("a b a", "c a b d"));

    // The vocabulary is a, <unk>, b.
    assertThat(windows(model.transform(lines("c b", "", "a a", "zebra"))))
        .containsExactly("0 0 [1, 2] [2, 0]", "0 1 [0, 0] [0, 1]");
  }

  @Test
  void savedPipelineModelIsLoadedWithEqualOutput(@TempDir Path directory) throws IOException {
    Dataset<Row> text = lines("der Bär", "das Bärchen", "l'été", "der 𝄞 der");
    PipelineModel saved = pipeline().fit(text);
    String path = directory.resolve("pipeline").toString();

    saved.save(path);
    PipelineModel loaded = PipelineModel.load(path);

    assertThat(windows(loaded.transform(text)))
        .isNotEmpty()
        .isEqualTo(windows(saved.transform(text)));
  }

  @Test
  void savedPipelineIsLoadedAndLearnsTheSame(@TempDir Path directory) throws IOException {
    Dataset<Row> text = lines("a b a c", "c a b d");
    String path = directory.resolve("pipeline").toString();

    pipeline().save(path);
    Pipeline loaded = Pipeline.load(path);

    assertThat(windows(loaded.fit(text).transform(text)))
        .isNotEmpty()
        .isEqualTo(windows(pipeline().fit(text).transform(text)));
  }

  @Test
  void stagesInTheWrongOrderAreRefusedBeforeAnyJob() {
    Dataset<Row> text = lines("a b");
    Pipeline wrong =
        new Pipeline()
            .setStages(new PipelineStage[] {new SequenceBatcher("cut"), new VocabularyIndexer()});

    assertThatThrownBy(() -> wrong.fit(text))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessage("cut: no input column ids among position, line");
  }

  private static Pipeline pipeline() {
    return new Pipeline()
        .setStages(
            new PipelineStage[] {
              new RegexTokenizer().setInputCol("line").setOutputCol("tokens"),
              new VocabularyIndexer().setVocabularySize(3),
              new SequenceBatcher().setLanes(1).setWindow(2)
            });
  }

  private static Dataset<Row> lines(String... lines) {
    LocalSpark.session();
    List<Row> rows =
        LongStream.range(0, lines.length)
            .mapToObj(i -> RowFactory.create(i, lines[(int) i]))
            .toList();
    StructType schema = new StructType().add("position", "bigint").add("line", "string");
    return LocalSpark.session().createDataFrame(rows, schema).repartition(2);
  }

  private static List<String> windows(Dataset<Row> windows) {
    return Arrays.stream((Row[]) windows.orderBy("lane", "window").collect())
        .map(r -> "%s %s %s %s".formatted(r.get(0), r.get(1), r.getList(2), r.getList(3)))
        .toList();
  }
}
