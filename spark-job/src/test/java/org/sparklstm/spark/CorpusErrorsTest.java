package org.sparklstm.spark;

import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import org.assertj.core.api.AbstractThrowableAssert;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.sparklstm.config.ConfigurationException;

/** Corpora that cannot be used: each is refused by the name of its file. */
class CorpusErrorsTest {
  @TempDir private Path directory;

  @Test
  void missingDirectory() {
    Path missing = directory.resolve("missing");

    assertRefused(missing).hasMessage("Cannot read corpus: %s does not exist", missing);
  }

  @Test
  void unknownFileSystem() {
    assertThatThrownBy(
            () ->
                TrainingData.prepare(
                    LocalSpark.session(), "floppy:/corpus", Corpus.settings(), () -> 1))
        .isInstanceOf(InputException.class)
        .hasMessage("Cannot read corpus floppy:/corpus: No FileSystem for scheme \"floppy\"");
  }

  @ParameterizedTest
  @ValueSource(strings = {"", "hdfs:", "a:b"})
  void dataPathThatIsNoUri(String path) {
    assertThatThrownBy(
            () -> TrainingData.prepare(LocalSpark.session(), path, Corpus.settings(), () -> 1))
        .isInstanceOf(InputException.class)
        .hasMessageContaining("Cannot read corpus '%s'", path);
  }

  @Test
  void dataPathThatIsAFile() throws IOException {
    Path file = Files.writeString(directory.resolve("train.txt"), Corpus.TRAIN);

    assertRefused(file)
        .hasMessage(
            "Cannot read corpus: %s is a file; --data-path is the directory that holds train.txt",
            file);
  }

  @ParameterizedTest
  @ValueSource(strings = {"train", "valid", "test"})
  void missingPart(String part) throws IOException {
    Corpus.write(directory);
    Files.delete(directory.resolve(part + ".txt"));

    assertRefused(directory)
        .hasMessage(
            "Cannot read corpus: %1$s holds none of %2$s.txt, ptb.%2$s.txt, %2$s.txt.gz, ptb.%2$s.txt.gz",
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
    Corpus.write(directory);
    Files.delete(directory.resolve("valid.txt"));
    Files.write(directory.resolve("valid.txt.gz"), Corpus.gzip(""));

    assertRefused(directory).hasMessageContaining("%s/valid.txt.gz", directory);
  }

  @Test
  void directoryInPlaceOfAFile() throws IOException {
    Corpus.write(directory);
    Files.delete(directory.resolve("test.txt"));
    Files.createDirectory(directory.resolve("test.txt"));

    assertRefused(directory)
        .hasMessage("Cannot read corpus: file:%s/test.txt is a directory, not a file", directory);
  }

  @ParameterizedTest
  @ValueSource(strings = {"train", "valid", "test"})
  void lineThatIsNotUtf8(String part) throws IOException {
    Corpus.write(directory);
    Files.write(
        directory.resolve(part + ".txt"),
        "the cat\n\ncaf\u00E9\n".getBytes(StandardCharsets.ISO_8859_1));

    assertRefused(directory)
        .hasMessage("Cannot read corpus: %s/%s.txt line 3 is not UTF-8", directory, part);
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
                .hasMessage("Cannot read corpus: %s/train.txt line 1234 is not UTF-8", directory));
  }

  @Test
  void textShorterThanAWindow() throws IOException {
    Corpus.write(directory, "", Corpus.TRAIN, "the cat\n", Corpus.TEST);

    assertRefused(directory)
        .hasMessage(
            "Cannot cut %s/valid.txt into windows: its 3 tokens in 2 lanes are 1 a lane, and a"
                + " window of 2 needs 3; lower data.lanes or data.window",
            directory);
  }

  @Test
  void testTextOfOneToken() throws IOException {
    Corpus.write(directory, "", Corpus.TRAIN, Corpus.VALID, "\n");

    assertRefused(directory)
        .hasMessageStartingWith(
            "Cannot cut %s/test.txt into windows: its 1 tokens in 1 lanes are 1 a lane", directory);
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
            "Cannot score %s/%s.txt: 1 of its tokens (one is 'zebra') are not in the vocabulary,"
                + " and the training text has no <unk> to stand for them; lower vocabulary.size so"
                + " that its rare words do",
            directory, part);
  }

  @Test
  void truncatedGzip() throws IOException {
    Corpus.write(directory);
    Files.delete(directory.resolve("valid.txt"));
    byte[] whole = Corpus.gzip(Corpus.VALID.repeat(100));
    Files.write(directory.resolve("valid.txt.gz"), Arrays.copyOf(whole, whole.length - 12));

    assertRefused(directory)
        .hasMessageStartingWith("Cannot read corpus: %s/valid.txt.gz", directory);
  }

  @Test
  void textThatIsNoGzipInSpiteOfItsName() throws IOException {
    Corpus.write(directory);
    Files.delete(directory.resolve("test.txt"));
    Files.writeString(directory.resolve("test.txt.gz"), Corpus.TEST);

    assertRefused(directory)
        .hasMessageStartingWith("Cannot read corpus: %s/test.txt.gz", directory);
  }

  private static AbstractThrowableAssert<?, ? extends Throwable> assertRefused(Path directory) {
    return assertThatThrownBy(() -> Corpus.prepare(directory, 1))
        .isInstanceOf(InputException.class);
  }
}
