package org.sparklstm.cli;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowable;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.PrintStream;
import java.io.RandomAccessFile;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.concurrent.Callable;
import org.assertj.core.api.ObjectAssert;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.sparklstm.cluster.Platform;
import org.sparklstm.config.SettingsLoader;
import org.sparklstm.error.ConfigurationException;
import org.sparklstm.testing.Corpus;
import org.sparklstm.testing.LocalSpark;

class TrainCommandTest {
  @TempDir private Path directory;

  /** What a command did. */
  record Result(int status, String out, String err) {}

  @BeforeEach
  void session() {
    LocalSpark.session(); // which the command finds and stops
  }

  static Result run(String... args) {
    return run(new TrainCommand(), args);
  }

  static Result run(Callable<Integer> command, String... args) {
    PrintStream out = System.out;
    PrintStream err = System.err;
    ByteArrayOutputStream newOut = new ByteArrayOutputStream();
    ByteArrayOutputStream newErr = new ByteArrayOutputStream();
    System.setOut(new PrintStream(newOut, true, StandardCharsets.UTF_8));
    System.setErr(new PrintStream(newErr, true, StandardCharsets.UTF_8));
    try {
      int status = Commands.line(command).execute(args);
      return new Result(
          status, newOut.toString(StandardCharsets.UTF_8), newErr.toString(StandardCharsets.UTF_8));
    } finally {
      System.setOut(out);
      System.setErr(err);
    }
  }

  @Test
  void helpNamesEveryOptionAndKey() {
    Result result = run("--help");

    assertThat(result.status()).isZero();
    assertThat(result.err()).isEmpty();
    assertThat(result.out())
        .contains("--model", "--data-path", "--save-path", "--config", "--set", "--resume")
        .contains("--overwrite", "--help-settings", "--help", "--version");
    assertThat(result.out()).contains(SettingsLoader.keys());
    assertThat(result.out()).contains(SettingsLoader.presets());
  }

  @Test
  void versionIsThatOfTheProgram() {
    assertThat(run("--version"))
        .isEqualTo(new Result(0, "PtbTrain " + Platform.version() + System.lineSeparator(), ""));
  }

  @Test
  void settingsAreExplainedByTheReference() {
    assertThat(run("--help-settings")).isEqualTo(new Result(0, SettingsLoader.referenceText(), ""));
  }

  @ParameterizedTest
  @CsvSource({
    "--data-pth, --data-path",
    "--sav-path, --save-path",
    "--resum, --resume",
    "--num-epochs, --",
  })
  void unknownOptionIsNamedWithTheNearest(String option, String nearest) {
    assertUsage("Unknown option: '" + option + "'", "--data-path=x", option)
        .satisfies(result -> assertThat(result.err()).contains(nearest));
  }

  @Test
  void whatIsNoOptionIsNamed() {
    assertUsage("Unmatched argument at index 1: 'corpus'", "--data-path=x", "corpus");
  }

  @Test
  void dataPathIsRequired() {
    assertUsage("Missing required option: '--data-path=<uri>'");
  }

  @Test
  void unknownPresetIsNamedWithTheNearest() {
    assertRefused(
        2,
        "Unknown preset smal: did you mean small? The presets are small, medium, large,"
            + " medium-tied, medium-awd, test, quickstart",
        "--data-path=x",
        "--model=smal");
  }

  @Test
  void unknownKeyIsNamedWithTheNearest() {
    assertRefused(
        2,
        "--set train.epoch=5: 1: unknown key train.epoch, did you mean train.epochs?",
        "--data-path=x",
        "--set",
        "train.epoch=5");
  }

  @Test
  void badValueIsNamedWithItsRule() {
    assertRefused(
        2,
        "--set data.lanes=0: 1: data.lanes must be at least 1, is 0",
        "--data-path=x",
        "--set=data.lanes=0");
  }

  @Test
  void badLineOfAConfigurationFileIsNamed() throws IOException {
    Path file = Files.writeString(directory.resolve("my.conf"), "\ntrain.epochs = many\n");

    assertRefused(
        2,
        file + ": 2: train.epochs must be a number, is many",
        "--data-path=x",
        "--config=" + file);
  }

  @Test
  void resumingAndOverwritingExcludeEachOther() {
    assertRefused(
        2,
        "Cannot both --resume and --overwrite a run: give one",
        "--data-path=x",
        "--save-path=" + directory.resolve("run"),
        "--resume",
        "--overwrite");
    assertThat(directory.resolve("run")).doesNotExist();
  }

  @ParameterizedTest
  @CsvSource({"--resume", "--overwrite"})
  void resumingOrOverwritingNeedsARunDirectory(String option) {
    assertRefused(2, "--resume and --overwrite need a --save-path", "--data-path=x", option);
  }

  @Test
  void savePathThatHoldsAnEarlierRunIsRefusedBeforeTheCorpusIsRead() throws IOException {
    Path run = Files.createDirectory(directory.resolve("run"));
    Files.createDirectory(run.resolve("model"));

    assertRefused(
        2,
        "Cannot save to file:%s: it holds an earlier run; continue it with --resume or replace it with --overwrite"
            .formatted(run),
        "--data-path=x",
        "--save-path=" + run);
  }

  @Test
  void missingDataPathFails() {
    Path missing = directory.resolve("missing");

    assertRefused(
        1,
        "Cannot read corpus: file:%s does not exist".formatted(missing),
        "--data-path=" + missing);
  }

  @Test
  void moreThreadsThanATaskHasCoresIsAWrongConfiguration() {
    System.setProperty("spark.task.cpus", "1");
    try {
      assertRefused(
          2,
          "engine.threads 2 needs as many cores for each task: spark.task.cpus is 1",
          "--data-path=nowhere",
          "--set=engine.threads=2");
    } finally {
      System.clearProperty("spark.task.cpus");
    }
  }

  @Test
  void fewerLanesThanWorkersIsAWrongConfiguration() throws IOException {
    Corpus.write(directory);

    assertRefused(
        2,
        "Cannot split lanes: data.lanes 2 is less than cluster.workers 3",
        "--data-path=" + directory,
        "--model=test",
        "--set=data.lanes=2",
        "--set=cluster.workers=3");
  }

  @Test
  void aRunThatDivergesEndsAndSavesNoModel() throws IOException {
    Corpus.write(directory, "", Corpus.TRAIN.repeat(20), Corpus.VALID, Corpus.TEST);
    Path run = directory.resolve("run");

    Result result =
        run(
            "--data-path=" + directory,
            "--save-path=" + run,
            "--model=test",
            "--set=data.lanes=2",
            "--set=train.learning-rate=1e5",
            "--set=train.max-grad-norm=1e5",
            "--set=model.hidden-size=8");

    assertThat(result.status()).isEqualTo(1);
    assertThat(result.err())
        .endsWith(
            "is infinite or NaN%s: lower train.learning-rate or train.max-grad-norm%n"
                .formatted(result.err().contains(" in epoch ") ? " in epoch 1 round 1" : ""));
    assertThat(result.out()).doesNotContain("Infinity").doesNotContain("NaN");
    assertThat(run.resolve("model")).doesNotExist();
  }

  @ParameterizedTest
  @CsvSource({
    "/data/\uFFFD\uFFFD, UTF-8, true",
    "/data/??????, ANSI_X3.4-1968, true",
    "/data/what?, UTF-8, false",
    "/data/книги, UTF-8, false",
    "/data/books, ANSI_X3.4-1968, false",
  })
  void aPathThatTheLocaleDoesNotHaveIsRefused(String path, String encoding, boolean refused) {
    Throwable thrown = catchThrowable(() -> Commands.requireDecoded("--save-path", path, encoding));

    if (refused) {
      assertThat(thrown)
          .isInstanceOf(ConfigurationException.class)
          .hasMessage(
              "Cannot use --save-path %s: it has characters that the locale's encoding %s does not"
                  + " have; set LC_ALL=C.UTF-8",
              path, encoding);
    } else {
      assertThat(thrown).isNull();
    }
  }

  @Test
  void aCheckpointLargerThanTheHeapSaysWhatToRaise() throws IOException {
    Path checkpoints = Files.createDirectories(directory.resolve("run/checkpoints"));
    long heap = Runtime.getRuntime().maxMemory();
    byte[] header =
        "{'a':{'dtype':'F32','shape':[%s],'data_offsets':[0,%s]}}"
            .formatted(heap / 4, heap / 4 * 4)
            .replace('\'', '"')
            .getBytes(StandardCharsets.UTF_8);
    try (RandomAccessFile file =
        new RandomAccessFile(
            checkpoints.resolve("epoch-000000-round-000000001.safetensors").toFile(), "rw")) {
      file.writeLong(Long.reverseBytes(header.length));
      file.write(header);
      file.setLength(Long.BYTES + header.length + heap / 4 * 4); // takes no room on the disk
    }

    assertRefused(
        1,
        "Out of memory (Java heap space): the driver has %s MiB of Java heap; raise --driver-memory"
            .formatted(heap >> 20),
        "--data-path=x",
        "--save-path=" + directory.resolve("run"),
        "--resume");
  }

  private static ObjectAssert<Result> assertUsage(String message, String... args) {
    Result result = run(args);
    assertThat(result.status()).isEqualTo(2);
    assertThat(result.out()).isEmpty();
    assertThat(result.err()).startsWith(message).doesNotContain("Exception");
    return assertThat(result);
  }

  /** The message is all that is printed. */
  private static void assertRefused(int status, String message, String... args) {
    assertThat(run(args)).isEqualTo(new Result(status, "", message + System.lineSeparator()));
  }
}
