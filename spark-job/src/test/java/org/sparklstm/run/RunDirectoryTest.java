package org.sparklstm.run;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.sparklstm.run.RunDirectory.ExistingRun.OVERWRITE;
import static org.sparklstm.run.RunDirectory.ExistingRun.REFUSE;
import static org.sparklstm.run.RunDirectory.ExistingRun.RESUME;

import java.io.IOException;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.ServiceConfigurationError;
import java.util.stream.Stream;
import org.apache.hadoop.conf.Configuration;
import org.apache.hadoop.fs.FileSystem;
import org.apache.hadoop.fs.RawLocalFileSystem;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;
import org.sparklstm.error.ConfigurationException;
import org.sparklstm.run.RunDirectory.ExistingRun;

/** What may be saved where; {@link CheckpointStoreTest} has the checkpoints. */
class RunDirectoryTest {
  @TempDir private Path directory;

  @ParameterizedTest
  @EnumSource
  void aFreshPathIsCreatedAndLeftEmptyUntilTheRunBegins(ExistingRun earlier) throws IOException {
    Path fresh = directory.resolve("a/b c");

    RunDirectory path = open(fresh, earlier);
    assertThat(files(fresh)).isEmpty();
    assertThat(path.latest()).isEmpty();

    path.clear();
    assertThat(files(fresh)).containsExactly("checkpoints");
  }

  @Test
  void anEmptyDirectoryIsFresh() throws IOException {
    open(directory, REFUSE).clear();

    assertThat(files(directory)).containsExactly("checkpoints");
  }

  @ParameterizedTest
  @ValueSource(strings = {"model", "model.tmp", "checkpoints", "metrics.jsonl", "tensorboard"})
  void anEarlierRunIsRefusedIfNotToldWhatToDoWithIt(String name) throws IOException {
    Files.createDirectory(directory.resolve(name));

    assertThatThrownBy(() -> open(directory, REFUSE))
        .isInstanceOf(ConfigurationException.class)
        .hasMessage(
            "Cannot save to file:%s: it holds an earlier run; continue it with --resume or replace it"
                + " with --overwrite",
            directory);
    assertThat(files(directory)).containsExactly(name);
  }

  @ParameterizedTest
  @EnumSource
  void foreignFilesAreLeftAlone(ExistingRun earlier) throws IOException {
    if (earlier != REFUSE) {
      earlierRun();
    }
    Files.writeString(directory.resolve("nohup.out"), "mine");
    Files.createDirectory(directory.resolve("lost+found"));
    Files.writeString(directory.resolve(".nfs0001"), "");

    open(directory, earlier).clear();

    assertThat(files(directory)).contains(".nfs0001", "checkpoints", "lost+found", "nohup.out");
    assertThat(directory.resolve("nohup.out")).hasContent("mine");
  }

  @ParameterizedTest
  @EnumSource(names = {"RESUME", "OVERWRITE"})
  void aFileThatWouldBeLostIsRefusedAndKept(ExistingRun earlier) throws IOException {
    earlierRun();
    Files.writeString(directory.resolve("model/.DS_Store"), "");
    Path thesis = Files.writeString(directory.resolve("model/thesis.tex"), "mine");

    assertThatThrownBy(() -> open(directory, earlier))
        .isInstanceOf(ConfigurationException.class)
        .hasMessage(
            "Cannot save to file:%1$s: file:%1$s/model/thesis.tex is not of a run, and would be lost;"
                + " move it away, or choose another --save-path",
            directory);
    assertThat(thesis).hasContent("mine");
  }

  @Test
  void aFileInPlaceOfADirectoryOfARunIsRefusedAndKept() throws IOException {
    Path file = Files.writeString(directory.resolve("model"), "mine");

    assertThatThrownBy(() -> open(directory, OVERWRITE))
        .isInstanceOf(ConfigurationException.class)
        .hasMessage(
            "Cannot save to file:%1$s: file:%1$s/model is a file, which no run has", directory);
    assertThat(file).hasContent("mine");
  }

  @Test
  void aColonInThePath() throws IOException {
    Path run = directory.resolve("2021-01-11-09:23:11");

    RunDirectory path = open(run, REFUSE);
    path.clear();
    path.checkpoints().save(CheckpointStoreTest.checkpoint(0, 1), 1);

    assertThat(files(run)).containsExactly("checkpoints");
    assertThat(files(run.resolve("checkpoints"))).hasSize(1);
  }

  @Test
  void aFileSystemWhoseClassIsMissingIsRefused() {
    assertThatThrownBy(
            () -> RunDirectory.open("abfss://c@account/run", new Configuration(), REFUSE))
        .isInstanceOf(ConfigurationException.class)
        .hasMessageStartingWith("Cannot write to save path abfss://c@account/run: ")
        .hasMessageContaining("org.apache.hadoop:hadoop-azure:");
  }

  /** Hadoop's own connectors fail so where only one of their jars is there. */
  @ParameterizedTest
  @ValueSource(classes = {NoClassDefFoundError.class, ServiceConfigurationError.class})
  void aFileSystemThatIsHalfInstalledIsRefused(Class<? extends Error> failure) {
    Configuration hadoop = new Configuration();
    hadoop.setClass("fs.half.impl", HalfInstalled.class, FileSystem.class);
    hadoop.setClass("fs.half.failure", failure, Error.class);
    hadoop.setBoolean("fs.half.impl.disable.cache", true);

    assertThatThrownBy(() -> RunDirectory.open("half://x/run", hadoop, REFUSE))
        .isInstanceOf(ConfigurationException.class)
        .hasMessageStartingWith("Cannot write to save path half://x/run: ")
        .hasMessageContaining("com.amazonaws.Client")
        .hasMessageContaining("add it with spark.jars.packages");
  }

  /** A file system that lacks a class of its own. */
  public static final class HalfInstalled extends RawLocalFileSystem {
    @Override
    public void initialize(URI uri, Configuration conf) {
      if (conf.get("fs.half.failure").equals(NoClassDefFoundError.class.getName())) {
        throw new NoClassDefFoundError("com/amazonaws/Client");
      }
      throw new ServiceConfigurationError("com.amazonaws.Client not found");
    }
  }

  @ParameterizedTest
  @EnumSource
  void aFileIsRefusedAndKept(ExistingRun earlier) throws IOException {
    Path file = Files.writeString(directory.resolve("model"), "mine");

    assertThatThrownBy(() -> open(file, earlier))
        .isInstanceOf(ConfigurationException.class)
        .hasMessage("Cannot save to file:%s: it is a file", file);
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
        .hasMessageStartingWith("Cannot write to save path %s on file:///: ", path);
  }

  @Test
  void anUnknownFileSystemIsRefused() {
    assertThatThrownBy(() -> RunDirectory.open("floppy:/run", new Configuration(), REFUSE))
        .isInstanceOf(ConfigurationException.class)
        .hasMessageStartingWith(
            "Cannot write to save path floppy:/run: No FileSystem for scheme \"floppy\". ");
  }

  @ParameterizedTest
  @ValueSource(strings = {"", "hdfs:", "a:b"})
  void aPathThatIsNoUriIsRefused(String path) {
    assertThatThrownBy(() -> RunDirectory.open(path, new Configuration(), REFUSE))
        .isInstanceOf(ConfigurationException.class)
        .hasMessageStartingWith("Cannot write to save path '%s': ", path);
  }

  @Test
  void overwritingRemovesTheEarlierRunOnlyWhenTheRunBegins() throws IOException {
    earlierRun();

    RunDirectory path = open(directory, OVERWRITE);
    assertThat(files(directory))
        .containsExactly("checkpoints", "metrics.jsonl", "model", "tensorboard");
    assertThat(path.latest()).isEmpty();

    path.clear();
    assertThat(files(directory)).containsExactly("checkpoints");
    assertThat(files(directory.resolve("checkpoints"))).isEmpty();
  }

  @Test
  void resumingKeepsTheEarlierRun() throws IOException {
    earlierRun();

    open(directory, RESUME).clear();

    assertThat(files(directory))
        .containsExactly("checkpoints", "metrics.jsonl", "model", "tensorboard");
    assertThat(directory.resolve("metrics.jsonl")).hasContent("{}");
  }

  private void earlierRun() throws IOException {
    Files.createDirectories(directory.resolve("checkpoints"));
    Files.createDirectories(directory.resolve("model"));
    Files.createDirectories(directory.resolve("tensorboard"));
    Files.writeString(
        directory.resolve("tensorboard/events.out.tfevents.1763942400.spark-lstm"), "");
    Files.writeString(
        directory.resolve("checkpoints/epoch-000001-round-000000000.safetensors"), "");
    Files.writeString(directory.resolve("metrics.jsonl"), "{}");
  }

  static RunDirectory open(Path path, ExistingRun earlier) {
    return RunDirectory.open(path.toString(), new Configuration(), earlier);
  }

  /** The names in a directory, sorted. */
  static List<String> files(Path directory) throws IOException {
    try (Stream<Path> files = Files.list(directory)) {
      return files.map(file -> file.getFileName().toString()).sorted().toList();
    }
  }
}
