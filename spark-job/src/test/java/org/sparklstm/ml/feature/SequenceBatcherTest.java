package org.sparklstm.ml.feature;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Random;
import java.util.concurrent.TimeoutException;
import java.util.stream.IntStream;
import net.jqwik.api.Arbitraries;
import net.jqwik.api.Arbitrary;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.Provide;
import net.jqwik.api.Tuple;
import net.jqwik.api.constraints.IntRange;
import org.apache.spark.api.java.JavaSparkContext;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.RowFactory;
import org.apache.spark.sql.types.DataTypes;
import org.apache.spark.sql.types.StructType;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.sparklstm.testing.LocalSpark;

class SequenceBatcherTest {
  private static final StructType TEXT =
      new StructType()
          .add("position", "bigint")
          .add("ids", DataTypes.createArrayType(DataTypes.IntegerType, false));

  /** A row of the output. */
  private record Cut(int lane, int window, List<Integer> inputs, List<Integer> targets) {}

  @Property(tries = 100)
  void anyTextInAnyPartitioningGivesTheWindowsOfTheSerialReference(
      @ForAll("texts") List<List<Integer>> lines,
      @ForAll @IntRange(min = 1, max = 6) int lanes,
      @ForAll @IntRange(min = 1, max = 8) int window,
      @ForAll boolean keepPartialWindow,
      @ForAll @IntRange(min = 1, max = 5) int partitions,
      @ForAll boolean inOrder,
      @ForAll long order) {
    Dataset<Row> text = inOrder ? inOrder(lines, partitions) : text(lines, partitions, order);
    SequenceBatcher batcher =
        new SequenceBatcher()
            .setLanes(lanes)
            .setWindow(window)
            .setKeepPartialWindow(keepPartialWindow);

    assertThat(cut(batcher.transform(text)))
        .containsExactlyInAnyOrderElementsOf(reference(lines, lanes, window, keepPartialWindow));
  }

  @Provide
  Arbitrary<List<List<Integer>>> texts() {
    Arbitrary<Integer> words = Arbitraries.integers().between(0, 99);
    Arbitrary<List<Integer>> line =
        Arbitraries.frequencyOf(
            Tuple.of(4, words.list().ofMaxSize(9)),
            Tuple.of(1, words.list().ofMinSize(20).ofMaxSize(50)));
    return line.list().ofMaxSize(12);
  }

  /** What the transformer documents, on one machine and in order. */
  private static List<Cut> reference(
      List<List<Integer>> lines, int lanes, int window, boolean keepPartialWindow) {
    List<Integer> ids = lines.stream().flatMap(List::stream).toList();
    int length = ids.size() / lanes;
    List<Cut> cuts = new ArrayList<>();
    for (int b = 0; b < lanes; b++) {
      List<Integer> lane = ids.subList(b * length, (b + 1) * length);
      for (int w = 0; w * window + 1 < length; w++) {
        int end = Math.min((w + 1) * window, length - 1);
        if (keepPartialWindow || end == (w + 1) * window) {
          int from = w * window;
          cuts.add(new Cut(b, w, lane.subList(from, end), lane.subList(from + 1, end + 1)));
        }
      }
    }
    return cuts;
  }

  @Test
  void tokensThatDoNotFillALaneOrAWindowAreDropped() {
    assertThat(cut(batcher().transform(text(counting(), 2, 1))))
        .containsExactlyInAnyOrder(
            new Cut(0, 0, List.of(0, 1, 2), List.of(1, 2, 3)),
            new Cut(0, 1, List.of(3, 4, 5), List.of(4, 5, 6)),
            new Cut(1, 0, List.of(8, 9, 10), List.of(9, 10, 11)),
            new Cut(1, 1, List.of(11, 12, 13), List.of(12, 13, 14)));
  }

  @Test
  void theShorterLastWindowOfALaneIsKeptIfWanted() {
    assertThat(cut(batcher().setKeepPartialWindow(true).transform(text(counting(), 2, 1))))
        .hasSize(6)
        .contains(new Cut(0, 2, List.of(6), List.of(7)), new Cut(1, 2, List.of(14), List.of(15)));
  }

  @Test
  void aTextShorterThanAWindowHasNoRows() {
    assertThat(cut(batcher().transform(text(List.of(List.of(1, 2, 3)), 1, 1)))).isEmpty();
  }

  @Test
  void aTextInOrderIsReadOnceAndNotSorted() throws TimeoutException {
    int tasks = LocalSpark.tasks(() -> batcher().transform(inOrder(counting(), 3)));

    assertThat(tasks).isEqualTo(3);
  }

  @Test
  void outputColumnsAreThoseOfTheTransformedSchema() {
    Dataset<Row> text = text(counting(), 1, 1);

    assertThat(batcher().transform(text).schema().simpleString())
        .isEqualTo(batcher().transformSchema(text.schema()).simpleString())
        .isEqualTo("struct<lane:int,window:int,inputs:array<int>,targets:array<int>>");
  }

  @Test
  void columnsMayHaveOtherNames() {
    SequenceBatcher batcher = batcher().setPositionCol("at").setInputCol("words");
    Dataset<Row> text = text(counting(), 2, 1).toDF("at", "words");

    assertThat(cut(batcher.transform(text))).hasSize(4);
  }

  @Test
  void savedBatcherIsLoadedWithItsParameters(@TempDir Path directory) throws IOException {
    LocalSpark.session();
    String path = directory.resolve("stage").toString();
    SequenceBatcher saved = batcher().setKeepPartialWindow(true).setInputCol("words");

    saved.save(path);
    SequenceBatcher loaded = SequenceBatcher.load(path);

    assertThat(loaded.uid()).isEqualTo(saved.uid());
    assertThat(loaded.extractParamMap().toString()).isEqualTo(saved.extractParamMap().toString());
    assertThat(loaded.isSet(loaded.positionCol())).isFalse();
  }

  @Test
  void columnOfAnotherTypeIsNamedWithBothTypes() {
    StructType schema = new StructType().add("position", "bigint").add("ids", "string");

    assertThatThrownBy(() -> new SequenceBatcher("cut").transformSchema(schema))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessage("cut: column ids must be array<int>, is string");
    assertThatThrownBy(
            () -> new SequenceBatcher("cut").setPositionCol("ids").transformSchema(schema))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessage("cut: column ids must be bigint, is string");
  }

  @Test
  void missingColumnIsNamedWithThoseThatAreThere() {
    Dataset<Row> text = text(counting(), 1, 1).withColumnRenamed("position", "at");

    assertThatThrownBy(() -> new SequenceBatcher("cut").transform(text))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessage("cut: no input column position among at, ids");
  }

  @Test
  void nullIsATextWithoutWords() {
    StructType schema = new StructType().add("position", "bigint").add("ids", "array<int>");
    Dataset<Row> text =
        LocalSpark.session()
            .createDataFrame(
                List.of(
                    RowFactory.create(2L, new Integer[] {3, 4}),
                    RowFactory.create(1L, null),
                    RowFactory.create(0L, new Integer[] {1, 2})),
                schema);

    assertThat(cut(new SequenceBatcher().setLanes(1).setWindow(3).transform(text)))
        .containsExactly(new Cut(0, 0, List.of(1, 2, 3), List.of(2, 3, 4)));
  }

  @Test
  void nullThatHasNoMeaningFailsByItsColumn() {
    StructType schema = new StructType().add("position", "bigint").add("ids", "array<int>");
    for (Row row :
        List.of(
            RowFactory.create(null, new Integer[] {1}),
            RowFactory.create(1L, new Integer[] {1, null}))) {
      Dataset<Row> text = LocalSpark.session().createDataFrame(List.of(row), schema);
      assertThatThrownBy(() -> new SequenceBatcher("cut").transform(text))
          .hasMessageContaining(
              "cut: column %s holds null".formatted(row.isNullAt(0) ? "position" : "ids"));
    }
  }

  @Test
  void parametersCanBeRead() {
    SequenceBatcher batcher = batcher().setKeepPartialWindow(true);

    assertThat(batcher.getPositionCol()).isEqualTo("position");
    assertThat(batcher.getInputCol()).isEqualTo("ids");
    assertThat(batcher.getLanes()).isEqualTo(2);
    assertThat(batcher.getWindow()).isEqualTo(3);
    assertThat(batcher.getKeepPartialWindow()).isTrue();
  }

  @Test
  void lanesAndWindowMustBePositive() {
    assertThatThrownBy(() -> new SequenceBatcher("cut").setLanes(0))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("lanes given invalid value 0");
    assertThatThrownBy(() -> new SequenceBatcher("cut").setWindow(-1))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("window given invalid value -1");
  }

  private static SequenceBatcher batcher() {
    return new SequenceBatcher().setLanes(2).setWindow(3);
  }

  /** 0 to 16, 4 in a line. */
  private static List<List<Integer>> counting() {
    return IntStream.range(0, 5)
        .mapToObj(i -> IntStream.range(4 * i, Math.min(4 * i + 4, 17)).boxed().toList())
        .toList();
  }

  private static Dataset<Row> text(List<List<Integer>> lines, int partitions, long order) {
    List<Row> rows = rows(lines);
    Collections.shuffle(rows, new Random(order));
    return LocalSpark.session().createDataFrame(rows, TEXT).repartition(partitions);
  }

  /** As a file is read: stretches of the text, some of them without rows. */
  private static Dataset<Row> inOrder(List<List<Integer>> lines, int partitions) {
    JavaSparkContext spark = JavaSparkContext.fromSparkContext(LocalSpark.session().sparkContext());
    return LocalSpark.session().createDataFrame(spark.parallelize(rows(lines), partitions), TEXT);
  }

  private static List<Row> rows(List<List<Integer>> lines) {
    List<Row> rows = new ArrayList<>();
    for (List<Integer> line : lines) {
      rows.add(RowFactory.create(7L * rows.size() - 20, line.toArray()));
    }
    return rows;
  }

  private static List<Cut> cut(Dataset<Row> windows) {
    return windows.collectAsList().stream()
        .map(row -> new Cut(row.getInt(0), row.getInt(1), row.getList(2), row.getList(3)))
        .toList();
  }
}
