package org.sparklstm.files;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.attribute.PosixFilePermissions;
import org.apache.hadoop.conf.Configuration;
import org.apache.hadoop.fs.FSDataOutputStream;
import org.apache.hadoop.fs.FSError;
import org.apache.hadoop.fs.FileSystem;
import org.apache.hadoop.fs.FsConstants;
import org.apache.hadoop.fs.LocalFileSystem;
import org.apache.hadoop.fs.Path;
import org.apache.hadoop.fs.RawLocalFileSystem;
import org.apache.hadoop.fs.StreamCapabilities;
import org.apache.hadoop.fs.permission.FsPermission;

/** Files that appear whole: they are written under a temporary name and renamed. */
public final class AtomicFiles {
  /** Ends the name of a file that is not whole yet. */
  public static final String TEMPORARY = ".tmp";

  private final FileSystem fs;

  /** Writes the contents of a file. */
  public interface Contents {
    /**
     * Writes all of it.
     *
     * @param out the file, which the caller closes
     * @throws IOException if that fails; the file then does not appear
     */
    void write(FSDataOutputStream out) throws IOException;
  }

  private AtomicFiles(FileSystem fs) {
    this.fs = fs;
  }

  /** Files on {@code found}. */
  public static AtomicFiles on(FileSystem found) throws IOException {
    return new AtomicFiles(found instanceof LocalFileSystem ? local(found.getConf()) : found);
  }

  /** Local files without .crc files next to them, and with the user's umask, not Hadoop's own. */
  private static FileSystem local(Configuration hadoop) throws IOException {
    Configuration configuration = new Configuration(hadoop);
    java.nio.file.Path parent = Files.createTempDirectory("umask");
    java.nio.file.Path open = Files.createDirectory(parent.resolve("open"));
    String mode = PosixFilePermissions.toString(Files.getPosixFilePermissions(open));
    Files.delete(open);
    Files.delete(parent);
    int umask = 0777 & ~FsPermission.valueOf("d" + mode).toShort();
    FsPermission.setUMask(configuration, new FsPermission((short) umask));
    FileSystem local = new RawLocalFileSystem();
    local.initialize(FsConstants.LOCAL_FS_URI, configuration);
    return local;
  }

  /** {@return where the files are} */
  public FileSystem fileSystem() {
    return fs;
  }

  /**
   * Writes a file so that it is seen whole or not at all.
   *
   * @throws IOException also if a directory with files stands there, which stays
   */
  public void write(Path file, Contents contents) throws IOException {
    Path temporary = file.suffix(TEMPORARY);
    try {
      writeAll(fs.create(temporary, true), contents);
    } catch (IOException | RuntimeException | FSError e) {
      try {
        fs.delete(temporary, false);
      } catch (IOException alsoFailed) {
        e.addSuppressed(alsoFailed);
      }
      throw e;
    }
    replace(temporary, file, false);
  }

  private static void writeAll(FSDataOutputStream out, Contents contents) throws IOException {
    try {
      contents.write(out);
      if (out.hasCapability(StreamCapabilities.HSYNC)) {
        out.hsync();
      }
    } catch (IOException | RuntimeException | FSError e) {
      closeAfter(e, out);
      throw e;
    }
    out.close();
  }

  /** Closes a stream of HDFS or others, which may throw the failure itself once more. */
  private static void closeAfter(Throwable failure, FSDataOutputStream out) {
    try {
      out.close();
    } catch (IOException again) {
      if (again != failure) { // nothing can be suppressed by itself
        failure.addSuppressed(again);
      }
    }
  }

  /** Finishes a {@link #write} that died between removing the old file and renaming the new. */
  public void recover(Path file) throws IOException {
    Path temporary = file.suffix(TEMPORARY);
    if (!fs.exists(file) && fs.exists(temporary)) {
      replace(temporary, file, false);
    }
  }

  /** Puts the directory {@code from} in place of the directory {@code to} and all in it. */
  public void replaceDirectory(Path from, Path to) throws IOException {
    replace(from, to, true);
  }

  private void replace(Path from, Path to, boolean recursive) throws IOException {
    fs.delete(to, recursive);
    if (!fs.rename(from, to)) {
      throw new IOException("Cannot rename %s to %s".formatted(from, to));
    }
  }
}
