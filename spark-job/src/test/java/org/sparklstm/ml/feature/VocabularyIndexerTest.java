package org.sparklstm.ml.feature;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.concurrent.TimeoutException;
import java.util.function.Function;
import java.util.stream.Collectors;
import net.jqwik.api.Arbitraries;
import net.jqwik.api.Arbitrary;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.Provide;
import net.jqwik.api.constraints.IntRange;
import org.apache.spark.SparkException;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.RowFactory;
import org.apache.spark.sql.SparkSession;
import org.apache.spark.sql.types.DataTypes;
import org.apache.spark.sql.types.StructType;
import org.junit.jupiter.api.Test;
import org.sparklstm.testing.LocalSpark;

class VocabularyIndexerTest {

  @Test
  void wordsAreOrderedByCountThenWord() {
    assertThat(learn(10, "b a c", "b Z z", "b c"))
        .as("b 3 times, c twice, the others once")
        .containsExactly("b", "c", "Z", "a", "z");
  }

  /** A text of a few megabytes would wait for tasks that do nothing. */
  @Test
  void tasksAreAsManyAsRunAtOnceNotAsManyAsAShuffleHas() throws TimeoutException {
    SparkSession session = LocalSpark.session().newSession();
    session.conf().set("spark.sql.shuffle.partitions", 500);
    Dataset<Row> texts =
        session.createDataFrame(
            List.of(RowFactory.create(List.of("b", "a", "b"))),
            new StructType().add("tokens", DataTypes.createArrayType(DataTypes.StringType)));
    int tasks =
        LocalSpark.tasks(
            () ->
                assertThat(new VocabularyIndexer().fit(texts).vocabulary())
                    .containsExactly("b", "a"));
    assertThat(tasks).isPositive().isLessThan(20);
  }

  @Test
  void rarestWordsOfALargerVocabularyBecomeUnknown() {
    assertThat(learn(3, "a a a", "b b", "c", "d")).containsExactly("a", "<unk>", "b");
    assertThat(learn(4, "a a a", "b b", "c", "d")).containsExactly("a", "b", "c", "d");
  }

  @Test
  void unknownOfTheTextItselfCountsWithTheCutWords() {
    assertThat(learn(3, "a a a", "b b", "c", "<unk>", "<unk>")).containsExactly("<unk>", "a", "b");
  }

  @Test
  void aSmallerCorpusHasASmallerVocabulary() {
    assertThat(learn(10_000, "a b")).containsExactly("a", "b");
    assertThat(learn(1_000_000_000, "a b")).containsExactly("a", "b"); // no memory for as many
    assertThat(learn(10_000, "", "")).isEmpty();
  }

  @Test
  void nonAsciiWordsOfEqualCountAreInTheOrderOfCodePoints() {
    assertThat(learn(10, "𝄞 \uFF5E é z ß")).containsExactly("z", "ß", "é", "\uFF5E", "𝄞");
  }

  @Property(tries = 20)
  void anyTextInAnyPartitioningGivesTheVocabularyOfTheSerialReference(
      @ForAll("texts") List<List<String>> lines,
      @ForAll @IntRange(min = 2, max = 9) int size,
      @ForAll @IntRange(min = 1, max = 5) int partitions,
      @ForAll long order) {
    List<List<String>> shuffled = new ArrayList<>(lines);
    Collections.shuffle(shuffled, new Random(order));

    assertThat(words(size, tokens(shuffled).repartition(partitions)))
        .isEqualTo(reference(lines, size));
  }

  @Provide
  Arbitrary<List<List<String>>> texts() {
    return Arbitraries.of("a", "B", "b", "é", "𝄞", "\uFF5E", "zz", "<eos>", "<unk>", "'s")
        .list()
        .ofMaxSize(6)
        .list()
        .ofMaxSize(10);
  }

  private static List<String> reference(List<List<String>> lines, int size) {
    Map<String, Long> counts =
        lines.stream()
            .flatMap(List::stream)
            .collect(Collectors.groupingBy(Function.identity(), Collectors.counting()));
    Comparator<String> byCountThenWord =
        Comparator.comparing((String word) -> -counts.get(word))
            .thenComparing(word -> word.getBytes(StandardCharsets.UTF_8), Arrays::compareUnsigned);
    while (counts.size() > size) {
      String rarest =
          counts.keySet().stream()
              .filter(word -> !word.equals("<unk>"))
              .max(byCountThenWord)
              .orElseThrow();
      counts.merge("<unk>", counts.get(rarest), Long::sum);
      counts.remove(rarest);
    }
    return counts.keySet().stream().sorted(byCountThenWord).toList();
  }

  @Test
  void knownWordsGetTheirIdsAndUnknownOnesThatOfUnknown() {
    VocabularyIndexerModel model = indexer(2).fit(text("a a b c"));

    assertThat(model.vocabulary()).containsExactly("<unk>", "a");
    assertThat(ids(model.transform(text("b a zebra <unk>")))).containsExactly(0, 1, 0, 0);
  }

  @Test
  void unknownWordWithoutUnknownInTheVocabularyFailsTheJobNamingTheWord() {
    Dataset<Row> ids = indexer(9).fit(text("a b")).transform(text("a zebra b"));

    assertThatThrownBy(ids::collect)
        .isInstanceOf(SparkException.class)
        .rootCause()
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessage("Unknown word zebra in column tokens, and the vocabulary has no <unk>");
  }

  @Test
  void rareWordsBecomeUnknown() {
    VocabularyIndexer indexer = indexer(10).setMinCount(2);

    assertThat(indexer.fit(text("a a a b b c d <unk>")).vocabulary())
        .containsExactly("<unk>", "a", "b"); // <unk> 3 times: c d <unk>
    assertThat(indexer.fit(text("a a b b")).vocabulary()).containsExactly("a", "b");
    assertThat(indexer.setVocabularySize(2).fit(text("a a a b b c")).vocabulary())
        .containsExactly("<unk>", "a");
  }

  @Test
  void aNullArrayHasNoWordsAndNoIdsAndNullIsAnUnknownWord() {
    Dataset<Row> text =
        tokens(Arrays.asList(List.of("a", "b"), null, Arrays.asList("a", null, "a"), List.of()));

    VocabularyIndexerModel model = indexer(10).fit(text);

    assertThat(model.vocabulary()).containsExactly("a", "<unk>", "b");
    assertThat(model.transform(text).select("ids").collectAsList())
        .extracting(row -> row.isNullAt(0) ? null : row.getList(0))
        .containsExactly(List.of(0, 2), null, List.of(0, 1, 0), List.of());
    assertThat(model.transform(text).schema()).isEqualTo(model.transformSchema(text.schema()));
  }

  static VocabularyIndexer indexer(int size) {
    return new VocabularyIndexer().setVocabularySize(size);
  }

  private static List<String> learn(int size, String... lines) {
    return words(size, text(lines));
  }

  private static List<String> words(int size, Dataset<Row> tokens) {
    return List.of(indexer(size).fit(tokens).vocabulary());
  }

  private static List<Integer> ids(Dataset<Row> indexed) {
    return indexed.select("ids").head().getList(0);
  }

  static Dataset<Row> text(String... lines) {
    return tokens(
        Arrays.stream(lines)
            .map(line -> line.isEmpty() ? List.<String>of() : List.of(line.split(" ")))
            .toList());
  }

  private static Dataset<Row> tokens(List<List<String>> lines) {
    List<Row> rows =
        lines.stream()
            .map(line -> RowFactory.create(line == null ? null : (Object) line.toArray()))
            .toList();
    StructType schema =
        new StructType().add("tokens", DataTypes.createArrayType(DataTypes.StringType));
    return LocalSpark.session().createDataFrame(rows, schema);
  }
}
