package org.sparklstm.files;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.io.OutputStream;
import java.nio.file.Files;
import org.apache.hadoop.conf.Configuration;
import org.apache.hadoop.fs.FSDataOutputStream;
import org.apache.hadoop.fs.FileSystem;
import org.apache.hadoop.fs.FsConstants;
import org.apache.hadoop.fs.Path;
import org.apache.hadoop.fs.RawLocalFileSystem;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class AtomicFilesTest {
  @TempDir private java.nio.file.Path directory;

  @Test
  void aFileAppearsWholeUnderItsOwnNameAndReplacesTheOld() throws IOException {
    AtomicFiles files = AtomicFiles.on(FileSystem.getLocal(new Configuration()));
    Path file = new Path(directory.resolve("metrics.jsonl").toString());
    files.write(file, out -> out.writeBytes("old"));

    files.write(
        file,
        out -> {
          out.writeBytes("n");
          out.hflush();
          assertThat(directory.resolve("metrics.jsonl")).hasContent("old");
          out.writeBytes("ew");
        });

    assertThat(directory.toFile().list()).containsExactly("metrics.jsonl");
    assertThat(directory.resolve("metrics.jsonl")).hasContent("new");
  }

  @Test
  void aWriteThatFailsLeavesTheOldFileAndNothingElse() throws IOException {
    AtomicFiles files = AtomicFiles.on(FileSystem.getLocal(new Configuration()));
    Path file = new Path(directory.resolve("metrics.jsonl").toString());
    files.write(file, out -> out.writeBytes("old"));

    assertThatThrownBy(
            () ->
                files.write(
                    file,
                    out -> {
                      out.writeBytes("n");
                      throw new IOException("No space left on device");
                    }))
        .isInstanceOf(IOException.class)
        .hasMessage("No space left on device");

    assertThat(directory.toFile().list()).containsExactly("metrics.jsonl");
    assertThat(directory.resolve("metrics.jsonl")).hasContent("old");
  }

  @Test
  void aDirectoryIsNotReplacedByAFile() throws IOException {
    AtomicFiles files = AtomicFiles.on(FileSystem.getLocal(new Configuration()));
    java.nio.file.Path kept = Files.createDirectory(directory.resolve("run")).resolve("model");
    Files.writeString(kept, "old");
    Path run = new Path(directory.resolve("run").toString());

    assertThatThrownBy(() -> files.write(run, out -> out.writeBytes("new")))
        .isInstanceOf(IOException.class)
        .hasMessageContaining("run");

    assertThat(kept).hasContent("old");
  }

  /** As HDFS's streams do once they have failed. */
  @Test
  void aStreamThatThrowsItsFailureAgainWhenItIsClosedHidesNothing() throws IOException {
    IOException full = new IOException("quota exceeded");
    FileSystem failing =
        new RawLocalFileSystem() {
          @Override
          public FSDataOutputStream create(Path file, boolean overwrite) throws IOException {
            return new FSDataOutputStream(new Failing(full), null);
          }
        };
    failing.initialize(FsConstants.LOCAL_FS_URI, new Configuration());
    Path file = new Path(directory.resolve("metrics.jsonl").toString());

    assertThatThrownBy(() -> AtomicFiles.on(failing).write(file, out -> out.write(1)))
        .isSameAs(full);
  }

  private static final class Failing extends OutputStream {
    private final IOException failure;

    Failing(IOException failure) {
      this.failure = failure;
    }

    @Override
    public void write(int octet) throws IOException {
      throw failure;
    }

    @Override
    public void close() throws IOException {
      throw failure;
    }
  }
}
