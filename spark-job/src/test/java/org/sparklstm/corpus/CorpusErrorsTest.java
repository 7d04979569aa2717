package org.sparklstm.corpus;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.charset.Charset;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Optional;
import org.apache.hadoop.util.VersionInfo;
import org.assertj.core.api.AbstractThrowableAssert;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;
import org.sparklstm.error.ConfigurationException;
import org.sparklstm.error.InputException;
import org.sparklstm.testing.Corpus;
import org.sparklstm.testing.LocalSpark;
import org.sparklstm.text.Normalization;

/** Corpora that cannot be used: each is refused by the name of its file. */
class CorpusErrorsTest {
  @TempDir private Path directory;

  @Test
  void missingDirectory() {
    Path missing = directory.resolve("missing");

    assertRefused(missing).hasMessage("Cannot read corpus: file:%s does not exist", missing);
  }

  @Test
  void unknownFileSystem() {
    assertThatThrownBy(
            () ->
                PreparedCorpus.prepare(
                    () -> Texts.ofFiles(LocalSpark.session(), "floppy:/corpus", Normalization.NONE),
                    Corpus.settings(),
                    Optional.empty(),
                    tokens -> Corpus.settings()))
        .isInstanceOf(InputException.class)
        .hasMessage(
            "Cannot read corpus floppy:/corpus: No FileSystem for scheme \"floppy\". Spark does not"
                + " bring all of the file system floppy://; add it with spark.jars.packages in"
                + " spark-defaults.conf, or spark-submit --packages: the package that has it");
  }

  @ParameterizedTest
  @ValueSource(strings = {"", "hdfs:", "a:b"})
  void dataPathThatIsNoUri(String path) {
    assertThatThrownBy(
            () ->
                PreparedCorpus.prepare(
                    () -> Texts.ofFiles(LocalSpark.session(), path, Normalization.NONE),
                    Corpus.settings(),
                    Optional.empty(),
                    tokens -> Corpus.settings()))
        .isInstanceOf(InputException.class)
        .hasMessageContaining("Cannot read corpus '%s'", path);
  }

  @Test
  void dataPathThatIsAFile() throws IOException {
    Path file = Files.writeString(directory.resolve("train.txt"), Corpus.TRAIN);

    assertRefused(file)
        .hasMessage(
            "Cannot read corpus: file:%s is a file; --data-path is the directory that holds train.txt",
            file);
  }

  @ParameterizedTest
  @ValueSource(strings = {"train", "valid", "test"})
  void missingPart(String part) throws IOException {
    writeWithout(part + ".txt");

    assertRefused(directory)
        .hasMessage(
            "Cannot read corpus: file:%1$s holds none of %2$s.txt, ptb.%2$s.txt, %2$s.txt.gz, ptb.%2$s.txt.gz",
            directory, part);
  }

  @ParameterizedTest
  @ValueSource(strings = {"train", "valid", "test"})
  void emptyPart(String part) throws IOException {
    Corpus.write(directory);
    Files.writeString(directory.resolve(part + ".txt"), "");

    assertRefused(directory)
        .hasMessage("Cannot read corpus: file:%s/%s.txt is empty", directory, part);
  }

  @Test
  void emptyPartThatIsCompressed() throws IOException {
    writeWithout("valid.txt");
    Files.write(directory.resolve("valid.txt.gz"), Corpus.gzip(""));

    assertRefused(directory).hasMessageContaining("%s/valid.txt.gz", directory);
  }

  @Test
  void directoryWithoutPartFiles() throws IOException {
    writeWithout("test.txt");
    Path test = Files.createDirectory(directory.resolve("test.txt"));
    Files.writeString(test.resolve("_SUCCESS"), "1");
    Files.writeString(test.resolve("part-00000"), "");

    assertRefused(directory).hasMessage("Cannot read corpus: file:%s/test.txt is empty", directory);
  }

  @Test
  void directoryWithinADirectory() throws IOException {
    writeWithout("test.txt");
    Files.createDirectories(directory.resolve("test.txt/year=2021"));

    assertRefused(directory)
        .hasMessage(
            "Cannot read corpus: file:%1$s/test.txt/year=2021 is a directory; file:%1$s/test.txt may"
                + " hold files only",
            directory);
  }

  @Test
  void badLineOfAPartFile() throws IOException {
    writeWithout("train.txt");
    Path train = Files.createDirectory(directory.resolve("train.txt"));
    Files.writeString(train.resolve("part-0"), "the cat\nsat\n");
    Files.write(train.resolve("part-1"), new byte[] {'a', '\n', 'b', '\n', (byte) 0xFF, '\n'});

    assertRefused(directory)
        .hasMessage("Cannot read corpus: file:%s/train.txt/part-1 line 3 is not UTF-8", directory);
  }

  @ParameterizedTest
  @CsvSource({
    "UTF-16LE, 1, 0000",
    "UTF-16BE, 1, 0000",
    "UTF-32BE, 1, 0000",
    "ISO-2022-JP, 2, 001B"
  })
  void anotherEncoding(String encoding, int line, String control) throws IOException {
    Corpus.write(directory);
    byte[] text = "the cat\nthe 猫 sat\n".getBytes(Charset.forName(encoding));
    Files.write(directory.resolve("valid.txt"), text);

    assertRefused(directory)
        .hasMessage(
            "Cannot read corpus: file:%s/valid.txt line %s is not UTF-8 text: it has the control"
                + " character U+%s",
            directory, line, control);
  }

  @Test
  void cyrillicUtf16WhichHasNoZeros() throws IOException {
    Corpus.write(directory);
    Files.write(
        directory.resolve("train.txt"), "кошка\u0441пит".getBytes(StandardCharsets.UTF_16LE));

    assertRefused(directory)
        .hasMessageContaining(
            "train.txt line 1 is not UTF-8 text: it has the control character U+0004");
  }

  @Test
  void holeInAFile() throws IOException {
    Corpus.write(directory);
    Files.writeString(
        directory.resolve("train.txt"), "the cat\n".repeat(5_000) + "\0".repeat(4096) + "\nthe\n");

    CorpusReaderTest.withSplits(
        1_000,
        () ->
            assertRefused(directory).hasMessageContaining("train.txt line 5001 is not UTF-8 text"));
  }

  @Test
  void wordOfMoreThanSixteenMebibytes() throws IOException {
    Corpus.write(directory);
    Files.writeString(directory.resolve("train.txt"), "the cat\n" + "x".repeat((16 << 20) + 1));

    assertRefused(directory)
        .hasMessage(
            "Cannot read corpus: file:%s/train.txt line 2 has a word of more than 16 MiB: is it"
                + " text?",
            directory);
  }

  @Test
  void fileSystemWhoseClassIsMissing() {
    assertThatThrownBy(
            () ->
                PreparedCorpus.prepare(
                    () -> Texts.ofFiles(LocalSpark.session(), "s3a://bucket/x", Normalization.NONE),
                    Corpus.settings(),
                    Optional.empty(),
                    tokens -> Corpus.settings()))
        .isInstanceOf(InputException.class)
        .hasMessage(
            "Cannot read corpus s3a://bucket/x: Class org.apache.hadoop.fs.s3a.S3AFileSystem not"
                + " found. Spark does not bring all of the file system s3a://; add it with"
                + " spark.jars.packages in spark-defaults.conf, or spark-submit --packages:"
                + " org.apache.hadoop:hadoop-aws:"
                + VersionInfo.getVersion());
  }

  @Test
  void fileThatAWorkerCannotSee() throws IOException {
    Corpus.write(directory);
    CorpusReader reader = new CorpusReader(LocalSpark.session(), directory.toString());
    CorpusReader.Source source = reader.find("train");
    Files.delete(directory.resolve("train.txt"));

    assertThatThrownBy(() -> reader.rows(source).collect())
        .hasRootCauseInstanceOf(InputException.class)
        .rootCause()
        .hasMessage(
            "Cannot read corpus: file:%1$s/train.txt: File file:%1$s/train.txt does not exist",
            directory)
        .satisfies(failure -> assertThat(failure.getStackTrace()).isEmpty());
  }

  @ParameterizedTest
  @ValueSource(strings = {"train", "valid", "test"})
  void lineThatIsNotUtf8(String part) throws IOException {
    Corpus.write(directory);
    Files.write(
        directory.resolve(part + ".txt"),
        "the cat\n\ncaf\u00E9\n".getBytes(StandardCharsets.ISO_8859_1));

    assertRefused(directory)
        .hasMessage("Cannot read corpus: file:%s/%s.txt line 3 is not UTF-8", directory, part);
  }

  @Test
  void firstOfSeveralBadLinesFarIntoAFileOfManyPartitions() throws IOException {
    Corpus.write(directory);
    byte[] text = "the cat sat\n".repeat(2_000).getBytes(StandardCharsets.UTF_8);
    text[12 * 1_233] = (byte) 0xFF;
    text[12 * 1_234] = (byte) 0xFF;
    text[12 * 1_999] = (byte) 0xC0;
    Files.write(directory.resolve("train.txt"), text);

    CorpusReaderTest.withSplits(
        1_000,
        () ->
            assertRefused(directory)
                .hasMessage(
                    "Cannot read corpus: file:%s/train.txt line 1234 is not UTF-8", directory));
  }

  @Test
  void textShorterThanAWindow() throws IOException {
    Corpus.write(directory, "", Corpus.TRAIN, "the cat\n", Corpus.TEST);

    assertRefused(directory)
        .hasMessage(
            "Cannot cut file:%s/valid.txt into windows: its 3 tokens in 2 lanes are 1 a lane, and a"
                + " window of 2 needs 3; lower data.lanes or data.window",
            directory);
  }

  @Test
  void testTextOfOneToken() throws IOException {
    Corpus.write(directory, "", Corpus.TRAIN, Corpus.VALID, "\n");

    assertRefused(directory)
        .hasMessageStartingWith(
            "Cannot cut file:%s/test.txt into windows: its 1 tokens in 1 lanes are 1 a lane",
            directory);
  }

  @Test
  void fewerLanesThanWorkers() throws IOException {
    Corpus.write(directory);

    assertThatThrownBy(() -> Corpus.prepare(directory, 3))
        .isInstanceOf(ConfigurationException.class)
        .hasMessage("Cannot split lanes: data.lanes 2 is less than cluster.workers 3");
  }

  @ParameterizedTest
  @ValueSource(strings = {"valid", "test"})
  void unknownWordWhileTheTrainingTextHasNoUnknown(String part) throws IOException {
    Corpus.write(directory);
    Files.writeString(directory.resolve(part + ".txt"), "the cat\nthe zebra sat\n");

    assertRefused(directory)
        .hasMessage(
            "Cannot use file:%s/%s.txt: 1 of its tokens (one is 'zebra') are not in the vocabulary,"
                + " and the training text has no <unk> to stand for them; of its 8 words,"
                + " vocabulary.size = 7 makes the rarest <unk>",
            directory, part);
  }

  @Test
  void truncatedGzip() throws IOException {
    writeWithout("valid.txt");
    byte[] whole = Corpus.gzip(Corpus.VALID.repeat(100));
    Files.write(directory.resolve("valid.txt.gz"), Arrays.copyOf(whole, whole.length - 12));

    assertRefused(directory)
        .hasMessage(
            "Cannot read corpus: file:%s/valid.txt.gz: Unexpected end of input stream", directory);
  }

  @Test
  void textThatIsNoGzipInSpiteOfItsName() throws IOException {
    writeWithout("test.txt");
    Files.writeString(directory.resolve("test.txt.gz"), Corpus.TEST);

    assertRefused(directory)
        .hasMessageStartingWith("Cannot read corpus: file:%s/test.txt.gz", directory);
  }

  /** Writes a corpus that lacks a file. */
  private void writeWithout(String name) throws IOException {
    Corpus.write(directory);
    Files.delete(directory.resolve(name));
  }

  private static AbstractThrowableAssert<?, ? extends Throwable> assertRefused(Path directory) {
    return assertThatThrownBy(() -> Corpus.prepare(directory, 1))
        .isInstanceOf(InputException.class);
  }
}
