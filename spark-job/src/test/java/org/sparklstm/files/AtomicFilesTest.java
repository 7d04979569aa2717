package org.sparklstm.files;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import org.apache.hadoop.conf.Configuration;
import org.apache.hadoop.fs.FileSystem;
import org.apache.hadoop.fs.Path;
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
}
