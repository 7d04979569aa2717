package org.sparklstm.cli;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import java.util.zip.GZIPInputStream;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Row;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.sparklstm.cli.TrainCommandTest.Result;
import org.sparklstm.ml.LstmLmModel;
import org.sparklstm.testing.Corpus;
import org.sparklstm.testing.LocalSpark;
import org.sparklstm.testing.Models;

class ScoreCommandTest {
  private static final List<String> LINES =
      List.of(
          "{\"text\": \"the cat\", \"id\": 1.0, \"big\": 12345678901234567890, \"x\": {\"y\": [1, null]} }",
          "{\"id\":2,\"text\":\"sat sat zebra\\nthe\"}  ",
          "{\"id\":3}",
          "{\"text\":null,\"ä\":\"\\u00e4 \\\\\"}",
          "",
          "{\"text\":\"é é é é\",\"id\":5}");

  @TempDir private Path directory;
  private String model;
  private String out;

  @BeforeEach
  void save() throws IOException {
    LocalSpark.session(); // which the command finds and stops
    model = Models.save(Models.of(1), directory.resolve("run")).toString();
    out = directory.resolve("out").toString();
  }

  private Result score(String... args) {
    LocalSpark.session();
    return TrainCommandTest.run(
        new ScoreCommand(),
        Stream.concat(Stream.of("--model-path", model), Arrays.stream(args))
            .toArray(String[]::new));
  }

  private String file(String name, List<String> lines) throws IOException {
    return Files.writeString(directory.resolve(name), String.join("\n", lines) + "\n").toString();
  }

  /** The lines of what was written, in the order of its files. */
  private List<String> written() throws IOException {
    try (Stream<Path> files = Files.list(Path.of(out))) {
      return files
          .filter(file -> file.getFileName().toString().startsWith("part-"))
          .sorted()
          .flatMap(ScoreCommandTest::lines)
          .toList();
    }
  }

  private static Stream<String> lines(Path file) {
    try (InputStream in =
        file.toString().endsWith(".gz")
            ? new GZIPInputStream(Files.newInputStream(file))
            : new ByteArrayInputStream(Files.readAllBytes(file))) {
      return new String(in.readAllBytes(), StandardCharsets.UTF_8).lines();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private static JsonNode json(String line) throws IOException {
    return new ObjectMapper().readTree(line);
  }

  /** The perplexity that the model gives a text by itself. */
  private double perplexity(String text) {
    Dataset<Row> row = LocalSpark.session().sql("SELECT '%s' AS text".formatted(text));
    return LstmLmModel.fromFiles(model).transform(row).head().getAs("perplexity");
  }

  @Test
  void fieldsOfJsonStayToTheByteAndScoresComeBehindThem() throws IOException {
    Result result = score("--input", file("a.jsonl", LINES), "--output", out);

    assertThat(result.err()).isEmpty();
    assertThat(result.status()).isZero();
    List<String> lines = written();
    assertThat(lines).hasSize(5);
    assertThat(lines.get(0))
        .startsWith(
            "{\"text\": \"the cat\", \"id\": 1.0, \"big\": 12345678901234567890, \"x\": {\"y\": [1, null]},\"perplexity\":");
    assertThat(lines.get(3))
        .isEqualTo(
            "{\"text\":null,\"ä\":\"\\u00e4 \\\\\",\"perplexity\":null,\"perplexity_log_probability\":null,"
                + "\"perplexity_tokens\":null,\"perplexity_unknown\":null}");
    assertThat(json(lines.get(1)).path("perplexity_tokens").asInt()).isEqualTo(4);
    assertThat(json(lines.get(1)).path("perplexity_unknown").asInt()).isEqualTo(1);
    double alone = perplexity("sat sat zebra\\nthe");
    assertThat(json(lines.get(1)).path("perplexity").asDouble())
        .isCloseTo(alone, within(1e-5 * alone));
    assertThat(result.out())
        .contains(
            "documents       5,",
            "without words   2",
            "words           10,",
            "unknown words   10.00 %");
  }

  @Test
  void documentsAreFilteredAndPutIntoBuckets() throws IOException {
    List<String> texts =
        IntStream.range(0, 10)
            .mapToObj(i -> "{\"text\":\"%s\"}".formatted("the cat sat é ".repeat(i + 1)))
            .toList();
    String input = file("a.jsonl", texts);
    score("--input", input, "--output", out, "--buckets", "30,60");
    double[] all = new double[10];
    List<String> buckets = new ArrayList<>();
    for (int i = 0; i < 10; i++) {
      JsonNode document = json(written().get(i));
      all[i] = document.path("perplexity").asDouble();
      buckets.add(document.path("perplexity_bucket").asText());
    }
    double[] sorted = Arrays.stream(all).sorted().toArray();
    for (int i = 0; i < 10; i++) {
      String bucket = all[i] <= sorted[2] ? "head" : all[i] <= sorted[5] ? "middle" : "tail";
      assertThat(buckets.get(i)).isEqualTo(bucket);
    }

    Result result =
        score(
            "--input",
            input,
            "--output",
            out,
            "--overwrite",
            "--min",
            Double.toString(sorted[2]),
            "--max",
            Double.toString(sorted[6]));

    assertThat(written()).hasSize(5);
    assertThat(result.out()).contains("kept            5\n");
    assertThat(result.out())
        .contains(String.format(Locale.ROOT, "        50      %.1f\n", sorted[4]));
  }

  @Test
  void textAndGzAndParquetAreReadAndWritten() throws IOException {
    Path gz = directory.resolve("a.txt.gz");
    Files.write(gz, Corpus.gzip("the \"cat\"\nsat\n"));
    assertThat(score("--input", gz.toString(), "--format", "text", "--output", out).status())
        .isZero();
    assertThat(written()).hasSize(2);
    assertThat(json(written().get(0)).path("text").asText()).isEqualTo("the \"cat\"");

    String parquet = directory.resolve("parquet").toString();
    LocalSpark.session()
        .sql("SELECT 7 AS id, 'the cat' AS body, array(1.5D) AS x")
        .write()
        .parquet(parquet);
    Result result =
        score(
            "--input",
            parquet,
            "--format",
            "parquet",
            "--text-field",
            "body",
            "--output",
            out,
            "--overwrite",
            "--output-field",
            "ppl");
    assertThat(result.err()).isEmpty();
    Row row = LocalSpark.session().read().parquet(out).head();
    assertThat(row.schema().fieldNames())
        .containsExactly(
            "id", "body", "x", "ppl", "ppl_log_probability", "ppl_tokens", "ppl_unknown");
    assertThat(row.<Integer>getAs("id")).isEqualTo(7);
    assertThat(row.<Double>getAs("ppl")).isGreaterThan(1);
  }

  @Test
  void aSampleIsScoredWithoutAnOutput() throws IOException {
    List<String> texts = IntStream.range(0, 200).mapToObj(i -> "{\"text\":\"the cat\"}").toList();
    String out = score("--input", file("a.jsonl", texts), "--sample", "0.5", "--seed", "3").out();

    int documents = Integer.parseInt(out.replaceFirst("(?s)documents +([0-9]+),.*", "$1"));
    assertThat(documents).isBetween(60, 140);
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "{\"text\": \"the\" | is not JSON: {\"text\": \"the\"",
        "[1]               | is no JSON object: [1]",
        "{\"text\":3}      | has no string as text: {\"text\":3}",
        "{\"text\":\"the\",\"perplexity_tokens\":1} | has a field perplexity_tokens already",
        "{} {}             | is not JSON"
      })
  void aLineThatIsNoDocumentIsNamedBeforeAnyIsScored(String line, String message)
      throws IOException {
    Result result =
        score("--input", file("a.jsonl", List.of("{\"text\":\"the\"}", line)), "--output", out);

    assertThat(result.status()).isEqualTo(1);
    assertThat(result.err()).contains("a.jsonl " + message);
    assertThat(Path.of(out)).doesNotExist();
  }

  @Test
  void whatCannotBeDoneIsRefused() throws IOException {
    String input = file("a.jsonl", List.of("{\"body\":\"the\",\"n\":1}"));
    assertThat(score("--input", input).err())
        .isEqualTo(
            "Cannot score documents: none has a field text; give --text-field one of body, n\n");
    Files.createDirectories(Path.of(out));
    assertThat(score("--input", input, "--output", out).err())
        .contains("it exists; replace it with --overwrite");
    assertThat(score("--input", directory.resolve("none").toString()).err()).contains("none");
    assertThat(score("--input", input, "--format", "csv").status()).isEqualTo(2);
    assertThat(score("--input", input, "--sample", "0").status()).isEqualTo(2);
    assertThat(score("--input", input, "--buckets", "60,30").status()).isEqualTo(2);
    assertThat(score("--input", input, "--min", "3", "--max", "2").status()).isEqualTo(2);
    String good = file("b.jsonl", List.of("{\"text\":\"the\"}"));
    assertThat(score("--input", good, "--state", "page").status()).isEqualTo(2);
    assertThat(score("--input", good, "--unknown-words", "3").err())
        .contains("unknownWords is 3, and must be more than the 6 words of the vocabulary");
  }

  @Test
  void whatIsNotOfAnEarlierScoringIsNeverReplaced() throws IOException {
    String input = file("a.jsonl", List.of("{\"text\":\"the\"}"));

    assertThat(score("--input", input, "--output", input, "--overwrite").err())
        .isEqualTo("Cannot write to %1$s: the input %1$s would be replaced\n".formatted(input));
    assertThat(score("--input", input, "--output", directory.toString(), "--overwrite").err())
        .contains("would be replaced");
    Path notes = Files.createDirectories(Path.of(out)).resolve("notes.txt");
    Files.writeString(notes, "mine");
    assertThat(score("--input", input, "--output", out, "--overwrite").err())
        .contains("it holds notes.txt, which would be lost; choose another --output");
    assertThat(score("--input", input, "--output", "a:b").err())
        .startsWith("Cannot write to a:b: ");
    assertThat(score("--input", input, "--output", notes.toString(), "--overwrite").err())
        .contains("it is a file; give the name of a directory");
    assertThat(notes).hasContent("mine");
  }
}
