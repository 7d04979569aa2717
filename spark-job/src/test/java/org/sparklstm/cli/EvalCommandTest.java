package org.sparklstm.cli;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.stream.Stream;
import org.apache.hadoop.conf.Configuration;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;
import org.sparklstm.cli.TrainCommandTest.Result;
import org.sparklstm.engine.Replica;
import org.sparklstm.run.SavedModel;
import org.sparklstm.testing.Corpus;
import org.sparklstm.testing.LocalSpark;
import org.sparklstm.testing.Models;
import org.sparklstm.testing.Replicas;
import org.sparklstm.text.Vocabulary;
import org.sparklstm.text.Window;

class EvalCommandTest {
  private static final String TEXT = "the cat sat\nzebra sat\n\né <unk>";

  @TempDir private Path directory;
  private String model;

  @BeforeEach
  void save() throws IOException {
    LocalSpark.session(); // which the command finds and stops
    model = Models.save(Models.of(1), directory.resolve("run")).toString();
  }

  private Result eval(String... args) {
    return TrainCommandTest.run(
        new EvalCommand(),
        Stream.concat(Stream.of("--model-path", model), Arrays.stream(args))
            .toArray(String[]::new));
  }

  private String text(String name, String text) throws IOException {
    return Files.writeString(directory.resolve(name), text).toString();
  }

  /** −ln p of each word of {@link #TEXT} but the first, computed word by word. */
  private static double[] nats(int... ids) {
    double[] nats = new double[ids.length - 1];
    SavedModel any = Models.of(1);
    try (Replica replica = Replicas.of(any.shape(), 1)) {
      replica.setParameters(any.parameters());
      for (int i = 1; i < ids.length; i++) {
        nats[i - 1] =
            replica.score(new Window(0, 0, 1, 1, new int[] {ids[i - 1]}, new int[] {ids[i]}))[0];
      }
    }
    return nats;
  }

  @Test
  void aTextHasThePerplexityOfOneStream() throws IOException {
    double[] nats = nats(1, 2, 3, 0, 4, 3, 0, 0, 5, 4);
    double known = Arrays.stream(nats).sum() - nats[3] - nats[8];

    Result result = eval("--data-path", text("a.txt", TEXT), text("b.txt", "the cat\n"));

    assertThat(result.status()).isZero();
    assertThat(result.out())
        .isEqualTo(
            String.format(
                Locale.ROOT,
                """
                file:%s/a.txt: perplexity %.3f of 9 predictions; %.3f of 7 without unknown words, 20.00 %%
                file:%s/b.txt: perplexity %.3f of 2 predictions; %.3f of 2 without unknown words, 0.00 %%
                """,
                directory,
                Math.exp(Arrays.stream(nats).sum() / 9),
                Math.exp(known / 7),
                directory,
                Math.exp(Arrays.stream(nats(1, 2, 0)).sum() / 2),
                Math.exp(Arrays.stream(nats(1, 2, 0)).sum() / 2)));
  }

  @Test
  void eachWordAndEachLineHasItsRow() throws IOException {
    double[] nats = nats(1, 2, 3, 0, 4, 3, 0, 0, 5, 4);

    List<String> words =
        eval("--data-path", text("a.txt", TEXT), "--per", "word").out().lines().toList();

    assertThat(words).hasSize(11).startsWith("word\tid\tnats\tunknown", "the\t1\t\tfalse");
    assertThat(words.get(5)).startsWith("zebra\t4\t").endsWith("\ttrue");
    for (int i = 0; i < nats.length; i++) {
      assertThat(Double.parseDouble(words.get(i + 2).split("\t", -1)[2]))
          .isCloseTo(nats[i], within(1e-5));
    }
    Result lines = eval("--data-path", text("a.txt", TEXT), "--per", "line");
    assertThat(lines.out().lines().map(line -> line.replaceFirst("^[0-9.]+\t[0-9.]+\t", "")))
        .containsExactly(
            "perplexity\tnats\twords\tunknown\tline",
            "3\t0\tthe cat sat",
            "2\t1\tzebra sat",
            "0\t0\t",
            "2\t1\té <unk>");
    assertThat(lines.err()).contains("of 9 predictions");
  }

  @Test
  void ofSeveralTextsEachRowNamesItsFile() throws IOException {
    String a = text("a.txt", "the cat\n");
    String b = text("b.txt", "the sat\n");

    assertThat(eval("--data-path", a, b, "--per", "word").out().lines())
        .map(row -> row.replaceFirst("^([^\t]*\t[^\t]*)\t.*", "$1"))
        .containsExactly(
            "file\tword",
            "file:" + a + "\tthe",
            "file:" + a + "\tcat",
            "file:" + a + "\t<eos>",
            "file:" + b + "\tthe",
            "file:" + b + "\tsat",
            "file:" + b + "\t<eos>");
    assertThat(eval("--data-path", a, b, "--per", "line").out().lines())
        .map(row -> row.replaceFirst("\t.*", ""))
        .containsExactly("file", "file:" + a, "file:" + b);
  }

  @Test
  void severalModelsAreAnEnsembleOfWhoseProbabilitiesEachWordHasTheMean() throws IOException {
    String first = model;
    String other = Models.save(Models.of(3, "model.layers=1"), directory.resolve("b")).toString();
    String text = text("a.txt", TEXT);
    List<Double> a = nats(eval("--data-path", text, "--per", "word"));
    model = other;
    List<Double> b = nats(eval("--data-path", text, "--per", "word"));

    List<Double> both = nats(eval("--model-path", first, "--data-path", text, "--per", "word"));

    assertThat(both).hasSize(9).isNotEqualTo(a);
    for (int i = 0; i < both.size(); i++) {
      double mean = (Math.exp(-a.get(i)) + Math.exp(-b.get(i))) / 2;
      assertThat(Math.exp(-both.get(i))).isCloseTo(mean, within(1e-12));
    }
  }

  @Test
  void anEnsembleHasTheSameWords() throws IOException {
    SavedModel one = Models.of(1);
    List<String> words = List.of("<eos>", "the", "cat", "sat", "<unk>", "dog");
    SavedModel other =
        new SavedModel(one.settings(), new Vocabulary(words), one.parameters(), Double.NaN);
    String b = Models.save(other, directory.resolve("b")).toString();

    Result result = eval("--model-path", b, "--data-path", text("a.txt", TEXT));

    assertThat(result.status()).isEqualTo(2);
    assertThat(result.err())
        .isEqualTo(
            "Cannot average %s and %s: their vocabularies or data.normalization differ\n"
                .formatted(model, b));
  }

  @Test
  void aModelAdaptsToWhatItHasRead() throws IOException {
    String text = text("a.txt", "the cat sat\né sat the\n".repeat(5));
    List<Double> still = nats(eval("--data-path", text, "--per", "word"));

    List<Double> dynamic = nats(eval("--data-path", text, "--per=word", "--dynamic-rate=0.1"));
    List<Double> cached = nats(eval("--data-path", text, "--per=word", "--cache-words=9"));

    for (int i = 0; i < 20; i++) {
      assertThat(dynamic.get(i)).isCloseTo(still.get(i), within(1e-5));
    }
    assertThat(mean(dynamic.subList(20, 39))).isLessThan(mean(still.subList(20, 39)));
    assertThat(cached.get(0)).isCloseTo(still.get(0), within(1e-5));
    assertThat(mean(cached)).isLessThan(mean(still));
  }

  private static double mean(List<Double> values) {
    return values.stream().mapToDouble(value -> value).average().orElseThrow();
  }

  @Test
  void eachTextBeginsWithTheTrainedModel() throws IOException {
    String text = text("a.txt", "the cat sat\né sat the\n".repeat(9));

    List<String> rows =
        eval("--data-path", text, text, "--per=line", "--dynamic-rate=1", "--cache-words=9")
            .out()
            .lines()
            .skip(1)
            .toList();

    assertThat(rows).hasSize(36);
    assertThat(rows.subList(18, 36)).isEqualTo(rows.subList(0, 18));
  }

  @ParameterizedTest
  @CsvSource({
    "--dynamic-rate=-1, 'The dynamic rate must be at least 0, is -1.0'",
    "--dynamic-rate=Infinity, 'The dynamic rate must be at least 0, is Infinity'",
    "--dynamic-decay=1, 'The dynamic decay must be in [0, 1), is 1.0'",
    "--dynamic-decay=NaN, 'The dynamic decay must be in [0, 1), is NaN'",
    "--cache-words=-1, 'A cache must have 0 to 1000000 words, has -1'",
    "--cache-weight=1, 'The cache''s weight must be in [0, 1), is 1.0'",
    "--cache-flatness=-1, 'The cache''s flatness must be at least 0, is -1.0'",
  })
  void aNumberOutsideItsRangeIsRefusedBeforeSparkStarts(String option, String error) {
    Result result = eval("--data-path", "nowhere.txt", option);

    assertThat(result.status()).isEqualTo(2);
    assertThat(result.err()).isEqualTo(error + "\n");
  }

  /** −ln p of each word of a table but the first. */
  private static List<Double> nats(Result words) {
    return words.out().lines().skip(2).map(row -> Double.valueOf(row.split("\t", -1)[2])).toList();
  }

  @Test
  void anOptionThatIsMisspeltIsNamedAndNotTheOneThatIsMissing() {
    Result result = eval("--datapath", "a.txt");

    assertThat(result.status()).isEqualTo(2);
    assertThat(result.err())
        .startsWith("Unknown options: '--datapath', 'a.txt'")
        .contains("Possible solutions: --data-path");
  }

  @ParameterizedTest
  @ValueSource(strings = {"none", "cc-net"})
  void theTestPartHasThePerplexityThatTrainingPrinted(String normalization) throws IOException {
    String test = Corpus.TEST.repeat(30);
    Corpus.write(
        directory,
        "",
        Corpus.TRAIN.repeat(9),
        Corpus.VALID,
        normalization.equals("none") ? test : test.toUpperCase(Locale.ROOT));
    Path run = directory.resolve("trained");
    Result trained =
        TrainCommandTest.run(
            "--model",
            "test",
            "--data-path",
            directory.toString(),
            "--save-path",
            run.toString(),
            "--set",
            "data.lanes=2",
            "--set",
            "data.window=2",
            "--set",
            "train.epochs=1",
            "--set",
            "vocabulary.min-count=1",
            "--set",
            "data.normalization=" + normalization);
    String printed = trained.out().replaceFirst("(?s).*Test Perplexity: ([0-9.]+)\n", "$1");
    model = run.toString();

    assertThat(SavedModel.read(model, new Configuration()).vocabulary().size()).isPositive();
    assertThat(eval("--data-path", directory.resolve("test.txt").toString()).out())
        .contains("perplexity %s of ".formatted(printed));
  }

  @Test
  void whatCannotBeEvaluatedFailsInALine() throws IOException {
    assertThat(eval("--data-path", directory.resolve("none.txt").toString()).err())
        .contains("none.txt");
    Path latin = Files.write(directory.resolve("latin.txt"), new byte[] {'a', '\n', (byte) 0xE9});
    assertThat(eval("--data-path", latin.toString()).err())
        .startsWith("Cannot read corpus: file:" + latin)
        .contains("line 2")
        .hasLineCount(1);
    assertThat(eval("--data-path", text("empty.txt", "")).err()).contains("empty.txt is empty");
    assertThat(eval("--data-path", text("short.txt", "the")).status()).isEqualTo(1);
    assertThat(eval("--data-path", text("a.txt", TEXT), "--per", "page").status()).isEqualTo(2);
  }
}
