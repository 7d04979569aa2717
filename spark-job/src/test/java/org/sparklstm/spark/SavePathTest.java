package org.sparklstm.spark;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.sparklstm.spark.SavePath.Earlier.OVERWRITE;
import static org.sparklstm.spark.SavePath.Earlier.REFUSE;
import static org.sparklstm.spark.SavePath.Earlier.RESUME;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;
import org.apache.hadoop.conf.Configuration;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;
import org.sparklstm.config.ConfigurationException;

/** What may be saved where; {@link CheckpointFilesTest} has the checkpoints. */
class SavePathTest {
  @TempDir private Path directory;

  @ParameterizedTest
  @EnumSource
  void aFreshPathIsCreatedAndLeftEmptyUntilTheRunBegins(SavePath.Earlier earlier)
      throws IOException {
    Path fresh = directory.resolve("a/b c");

    SavePath path = open(fresh, earlier);
    assertThat(files(fresh)).isEmpty();
    assertThat(path.latest()).isEmpty();

    path.begin();
    assertThat(files(fresh)).containsExactly("checkpoints");
  }

  @Test
  void anEmptyDirectoryIsFresh() throws IOException {
    open(directory, REFUSE).begin();

    assertThat(files(directory)).containsExactly("checkpoints");
  }

  @ParameterizedTest
  @ValueSource(strings = {"model", "model.tmp", "checkpoints", "metrics.jsonl"})
  void anEarlierRunIsRefusedIfNotToldWhatToDoWithIt(String name) throws IOException {
    Files.createDirectory(directory.resolve(name));

    assertThatThrownBy(() -> open(directory, REFUSE))
        .isInstanceOf(ConfigurationException.class)
        .hasMessage(
            "Cannot save to %s: it holds an earlier run; continue it with --resume or replace it"
                + " with --overwrite",
            directory);
    assertThat(files(directory)).containsExactly(name);
  }

  @ParameterizedTest
  @EnumSource
  void aDirectoryWithAForeignFileIsAlwaysRefusedAndKept(SavePath.Earlier earlier)
      throws IOException {
    earlierRun();
    Files.writeString(directory.resolve("thesis.tex"), "mine");

    assertThatThrownBy(() -> open(directory, earlier))
        .isInstanceOf(ConfigurationException.class)
        .hasMessage(
            "Cannot save to %s: it holds thesis.tex, which is not of a run; choose another"
                + " --save-path",
            directory);
    assertThat(files(directory))
        .containsExactly("checkpoints", "metrics.jsonl", "model", "thesis.tex");
    assertThat(directory.resolve("thesis.tex")).hasContent("mine");
  }

  @ParameterizedTest
  @EnumSource
  void aFileIsRefusedAndKept(SavePath.Earlier earlier) throws IOException {
    Path file = Files.writeString(directory.resolve("model"), "mine");

    assertThatThrownBy(() -> open(file, earlier))
        .isInstanceOf(ConfigurationException.class)
        .hasMessage("Cannot save to %s: it is a file", file);
    assertThat(file).hasContent("mine");
  }

  @Test
  void aPathWhereNothingCanBeCreatedIsRefused() throws IOException {
    assertUnwritable(Files.writeString(directory.resolve("file"), "").resolve("run"));
    assertUnwritable(Path.of("/proc/run"));
  }

  private static void assertUnwritable(Path path) {
    assertThatThrownBy(() -> open(path, REFUSE))
        .isInstanceOf(ConfigurationException.class)
        .hasMessageStartingWith("Cannot write to save path %s: ", path);
  }

  @Test
  void anUnknownFileSystemIsRefused() {
    assertThatThrownBy(() -> SavePath.open("floppy:/run", new Configuration(), REFUSE))
        .isInstanceOf(ConfigurationException.class)
        .hasMessage("Cannot write to save path floppy:/run: No FileSystem for scheme \"floppy\"");
  }

  @ParameterizedTest
  @ValueSource(strings = {"", "hdfs:", "a:b"})
  void aPathThatIsNoUriIsRefused(String path) {
    assertThatThrownBy(() -> SavePath.open(path, new Configuration(), REFUSE))
        .isInstanceOf(ConfigurationException.class)
        .hasMessageStartingWith("Cannot write to save path '%s': ", path);
  }

  @Test
  void overwritingRemovesTheEarlierRunOnlyWhenTheRunBegins() throws IOException {
    earlierRun();

    SavePath path = open(directory, OVERWRITE);
    assertThat(files(directory)).containsExactly("checkpoints", "metrics.jsonl", "model");
    assertThat(path.latest()).isEmpty();

    path.begin();
    assertThat(files(directory)).containsExactly("checkpoints");
    assertThat(files(directory.resolve("checkpoints"))).isEmpty();
  }

  @Test
  void resumingKeepsTheEarlierRun() throws IOException {
    earlierRun();

    open(directory, RESUME).begin();

    assertThat(files(directory)).containsExactly("checkpoints", "metrics.jsonl", "model");
    assertThat(directory.resolve("metrics.jsonl")).hasContent("{}");
  }

  @Test
  void aFileAppearsWholeUnderItsOwnNameAndReplacesTheOld() throws IOException {
    SavePath path = open(directory, REFUSE);
    path.write(path.metrics(), out -> out.writeBytes("old"));

    path.write(
        path.metrics(),
        out -> {
          out.writeBytes("n");
          out.hflush();
          assertThat(directory.resolve("metrics.jsonl")).hasContent("old");
          out.writeBytes("ew");
        });

    assertThat(files(directory)).containsExactly("metrics.jsonl");
    assertThat(directory.resolve("metrics.jsonl")).hasContent("new");
  }

  @Test
  void aWriteThatFailsLeavesTheOldFileAndNothingElse() throws IOException {
    SavePath path = open(directory, REFUSE);
    path.write(path.metrics(), out -> out.writeBytes("old"));

    assertThatThrownBy(
            () ->
                path.write(
                    path.metrics(),
                    out -> {
                      out.writeBytes("n");
                      throw new IOException("No space left on device");
                    }))
        .isInstanceOf(IOException.class)
        .hasMessage("No space left on device");

    assertThat(files(directory)).containsExactly("metrics.jsonl");
    assertThat(directory.resolve("metrics.jsonl")).hasContent("old");
  }

  private void earlierRun() throws IOException {
    Files.createDirectories(directory.resolve("checkpoints"));
    Files.createDirectories(directory.resolve("model"));
    Files.writeString(
        directory.resolve("checkpoints/epoch-000001-round-000000000.safetensors"), "");
    Files.writeString(directory.resolve("metrics.jsonl"), "{}");
  }

  static SavePath open(Path path, SavePath.Earlier earlier) {
    return SavePath.open(path.toString(), new Configuration(), earlier);
  }

  /** The names in a directory, sorted. */
  static List<String> files(Path directory) throws IOException {
    try (Stream<Path> files = Files.list(directory)) {
      return files.map(file -> file.getFileName().toString()).sorted().toList();
    }
  }
}
