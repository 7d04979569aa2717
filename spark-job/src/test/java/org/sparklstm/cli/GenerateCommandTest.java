package org.sparklstm.cli;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.sparklstm.cli.TrainCommandTest.Result;
import org.sparklstm.run.SavedModel;
import org.sparklstm.testing.Models;

class GenerateCommandTest {
  @TempDir private Path directory;
  private String model;

  @BeforeEach
  void save() throws IOException {
    model = Models.save(Models.of(1), directory.resolve("run")).toString();
  }

  private Result generate(String... args) {
    return TrainCommandTest.run(
        new GenerateCommand(),
        Stream.concat(Stream.of("--model-path", model), Arrays.stream(args))
            .toArray(String[]::new));
  }

  @Test
  void theSameCommandPrintsTheSameTextBehindThePrompt() {
    Result result = generate("--prompt", "the cat", "--length", "40", "--seed", "5");

    assertThat(result.status()).isZero();
    assertThat(result.err()).isEmpty();
    assertThat(result.out()).startsWith("the cat").endsWith("\n").doesNotContain("<eos>", "<unk>");
    List<String> added = List.of(result.out().substring("the cat".length()).split("[ \n]", -1));
    assertThat(Models.WORDS).containsAll(added.stream().filter(word -> !word.isEmpty()).toList());
    assertThat(generate("--prompt", "the cat", "--length", "40", "--seed", "5")).isEqualTo(result);
    assertThat(generate("--prompt", "the cat", "--length", "40", "--seed", "6").out())
        .isNotEqualTo(result.out());
  }

  @Test
  void severalSamplesBeginWithTheOneThatComesAlone() {
    String one = generate("--length", "20").out();
    String three = generate("--length", "20", "--samples", "3").out();

    assertThat(three).startsWith(one + "---------------\n");
    assertThat(three.split("---------------\n", -1)).hasSize(4).doesNotHaveDuplicates();
  }

  @Test
  void aPromptMayBeInAFile() throws IOException {
    Path prompt = Files.writeString(directory.resolve("prompt.txt"), "sat é\nthe ");

    Result result = generate("--prompt-file", prompt.toString(), "--length", "3");

    assertThat(result.out()).startsWith("sat é\nthe ").doesNotContain("the  ");
    assertThat(result.out()).isEqualTo(generate("--prompt", "sat é\nthe ", "--length", "3").out());
  }

  @Test
  void thePromptIsNormalizedAsTheTextOfTheTraining() throws IOException {
    SavedModel normalizing = Models.of(1, "data.normalization=cc-net");
    String run = Models.save(normalizing, directory.resolve("normalizing")).toString();

    Result result = generate("--prompt", "The CÁT", "--length", "3");
    Result normalized =
        TrainCommandTest.run(
            new GenerateCommand(), "--model-path", run, "--prompt", "The CÁT", "--length", "3");

    assertThat(result.err()).contains("The, CÁT");
    assertThat(normalized.err()).isEmpty();
    assertThat(normalized.out())
        .isEqualTo(
            generate("--prompt", "the cat", "--length", "3").out().replace("the cat", "The CÁT"));
  }

  @Test
  void wordsOfThePromptThatTheModelLacksAreNamed() {
    Result result = generate("--prompt", "the zebra", "--length", "1");

    assertThat(result.status()).isZero();
    assertThat(result.out()).startsWith("the zebra");
    assertThat(result.err()).isEqualTo("The model reads <unk> for what it does not know: zebra\n");
  }

  @ParameterizedTest
  @CsvSource({
    "--temperature, -1, 'The temperature must be at least 0, is -1.0'",
    "--top-k, 0, 'Top-k must be at least 1, is 0'",
    "--top-p, 0, 'Top-p must be in (0, 1], is 0.0'",
    "--length, 0, --length and --samples must be at least 1",
    "--samples, 0, --length and --samples must be at least 1"
  })
  void whatIsNoOptionIsWrongUsage(String option, String value, String message) {
    assertThat(generate(option, value)).isEqualTo(new Result(2, "", message + "\n"));
  }

  @Test
  void whatCannotBeReadFailsInALine() throws IOException {
    assertThat(generate("--prompt-file", directory.resolve("none").toString()).err())
        .startsWith("Cannot read --prompt-file ");
    Files.delete(directory.resolve("run/model/vocabulary.txt"));
    Result result = generate();
    assertThat(result.status()).isEqualTo(1);
    assertThat(result.err()).startsWith("Cannot read model file ").contains("vocabulary.txt");
  }
}
