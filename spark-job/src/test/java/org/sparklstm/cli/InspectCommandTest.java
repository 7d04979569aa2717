package org.sparklstm.cli;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.io.RandomAccessFile;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.stream.Stream;
import org.apache.hadoop.conf.Configuration;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.sparklstm.app.TrainJob;
import org.sparklstm.cli.TrainCommandTest.Result;
import org.sparklstm.corpus.Texts;
import org.sparklstm.run.RunDirectory;
import org.sparklstm.run.RunDirectory.ExistingRun;
import org.sparklstm.run.SavedModel;
import org.sparklstm.testing.Corpus;
import org.sparklstm.testing.LocalSpark;
import org.sparklstm.testing.Models;
import org.sparklstm.text.Normalization;
import org.sparklstm.text.Vocabulary;

class InspectCommandTest {
  @TempDir private Path directory;

  private static Result inspect(String... args) {
    return TrainCommandTest.run(new InspectCommand(), args);
  }

  private Path train() throws IOException {
    Corpus.write(directory, "", Corpus.TRAIN.repeat(9), Corpus.VALID, Corpus.TEST);
    Path run = directory.resolve("run");
    RunDirectory saved = RunDirectory.open(run.toString(), new Configuration(), ExistingRun.REFUSE);
    new TrainJob(LocalSpark.session(), Optional.of(saved), List.of())
        .run(
            Corpus.settings("train.epochs=2", "cluster.workers=1"),
            () -> Texts.ofFiles(LocalSpark.session(), directory.toString(), Normalization.NONE));
    return run;
  }

  @Test
  void aRunHasAModelACheckpointAndResults() throws IOException {
    Path run = train();
    String out = inspect(run.toString()).out();

    String test =
        Files.readAllLines(run.resolve("metrics.jsonl")).stream()
            .filter(line -> line.contains("\"test\""))
            .map(line -> line.replaceAll(".*\"perplexity\":([0-9.]+).*", "$1"))
            .findFirst()
            .orElseThrow();
    assertThat(out)
        .contains(
            "Model", "layers                1", "first words           the", "hidden-size = 3")
        .contains("Checkpoint, its checksum is right", "epochs trained        2 of 2")
        .contains("embedding.weight      [", "root mean square 0.")
        .contains("  1   1.000  ", "  2   ")
        .contains(
            String.format(Locale.ROOT, "test perplexity       %.3f", Double.parseDouble(test)));
  }

  @Test
  void aCheckpointThatIsDamagedIsFound() throws IOException {
    Path file;
    try (Stream<Path> files = Files.list(train().resolve("checkpoints"))) {
      file = files.findFirst().orElseThrow();
    }
    assertThat(inspect(file.toString()).out()).startsWith("Checkpoint, its checksum is right");
    try (RandomAccessFile bytes = new RandomAccessFile(file.toFile(), "rw")) {
      bytes.seek(bytes.length() - 3);
      bytes.write(77);
    }

    Result result = inspect(file.toString());

    assertThat(result.status()).isEqualTo(1);
    assertThat(result.err()).contains("damaged: checksum mismatch");
  }

  @Test
  void theNearestWordsComeByTheCosineOfTheirEmbeddings() throws IOException {
    SavedModel any = Models.of(1);
    float[] parameters = any.parameters();
    float[][] embedding = {{1, 0, 0}, {2, 1, 0}, {1, 1, 0}, {0, 0, 1}, {-1, 0, 0}, {9, 1, 0}};
    for (int word = 0; word < embedding.length; word++) {
      System.arraycopy(embedding[word], 0, parameters, 3 * word, 3);
    }
    Vocabulary vocabulary = any.vocabulary();
    Path run =
        Models.save(
            new SavedModel(any.settings(), vocabulary, parameters, Double.NaN),
            directory.resolve("run"));

    String out = inspect(run.toString(), "--nearest", "<eos>", "-n", "3").out();

    assertThat(out)
        .endsWith(
            """
            Nearest to <eos>
              é                     0.994
              the                   0.894
              cat                   0.707
            """);
    assertThat(inspect(run.toString(), "--nearest", "dog"))
        .satisfies(
            result -> {
              assertThat(result.status()).isEqualTo(1);
              assertThat(result.err()).isEqualTo("The model does not know the word 'dog'\n");
            });
  }

  @Test
  void valuesThatAreNoNumbersAreNamed() throws IOException {
    SavedModel any = Models.of(1);
    any.parameters()[any.parameters().length - 1] = Float.NaN;
    Path run = Models.save(any, directory.resolve("run"));

    assertThat(inspect(run.resolve("model").toString()).out())
        .contains("decoder.bias          [6] has values that are infinite or NaN");
  }

  @Test
  void anythingElseIsRefused() {
    assertThat(inspect(directory.toString()))
        .satisfies(
            result -> {
              assertThat(result.status()).isEqualTo(1);
              assertThat(result.err()).contains("it holds no model and no checkpoint");
            });
    assertThat(inspect(directory.resolve("none").toString()).err()).contains("none");
    assertThat(inspect("x", "-n", "0").status()).isEqualTo(2);
  }
}
