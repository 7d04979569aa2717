package org.sparklstm.spark;

import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.Arrays;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Collectors;
import org.apache.hadoop.conf.Configuration;
import org.apache.hadoop.fs.FSDataOutputStream;
import org.apache.hadoop.fs.FSError;
import org.apache.hadoop.fs.FileStatus;
import org.apache.hadoop.fs.FileSystem;
import org.apache.hadoop.fs.FsConstants;
import org.apache.hadoop.fs.LocalFileSystem;
import org.apache.hadoop.fs.Path;
import org.apache.hadoop.fs.RawLocalFileSystem;
import org.apache.hadoop.fs.StreamCapabilities;
import org.apache.hadoop.fs.permission.FsPermission;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.sparklstm.config.ConfigurationException;
import org.sparklstm.train.Checkpoint;

/**
 * The directory of a run, on any Hadoop file system: {@code model/}, {@code metrics.jsonl} and
 * {@code checkpoints/}. Files appear whole: they are written under a temporary name and renamed.
 */
final class SavePath {
  private static final Logger LOG = LoggerFactory.getLogger(SavePath.class);
  private static final String TEMPORARY = ".tmp";
  private static final String SUFFIX = ".safetensors";
  private static final String PROBE = "probe" + TEMPORARY;

  /** In the order in which they are removed: nobody resumes from half of a run. */
  private static final List<String> OURS =
      List.of(
          "checkpoints",
          "model",
          "model" + TEMPORARY,
          "metrics.jsonl",
          "metrics.jsonl" + TEMPORARY,
          PROBE);

  /** What to do with an earlier run in the directory. */
  enum Earlier {
    REFUSE,
    RESUME,
    OVERWRITE
  }

  /** Writes the contents of a file. */
  interface Contents {
    void write(FSDataOutputStream out) throws IOException;
  }

  private final FileSystem fs;
  private final Path root;
  private final Earlier earlier;

  private SavePath(FileSystem fs, Path root, Earlier earlier) {
    this.fs = fs;
    this.root = root;
    this.earlier = earlier;
  }

  /**
   * Checks that a run may be saved under {@code uri}; changes nothing there but to create it.
   *
   * @throws ConfigurationException if it cannot be written, or holds what may not be touched
   */
  static SavePath open(String uri, Configuration hadoop, Earlier earlier) {
    Path root;
    try {
      root = new Path(uri);
    } catch (IllegalArgumentException e) {
      throw new ConfigurationException(
          "Cannot write to save path '%s': %s".formatted(uri, e.getMessage()));
    }
    try {
      FileSystem fs = root.getFileSystem(hadoop);
      if (fs instanceof LocalFileSystem) {
        fs = local(hadoop);
      }
      if (fs.exists(root)) {
        requireUsable(fs, root, earlier);
      }
      fs.mkdirs(root);
      Path probe = new Path(root, PROBE);
      fs.create(probe, true).close();
      fs.delete(probe, false);
      return new SavePath(fs, root, earlier);
    } catch (IOException | IllegalArgumentException e) { // HDFS says so of an unknown host
      throw new ConfigurationException(
          "Cannot write to save path %s: %s".formatted(root, InputException.firstLine(e)));
    }
  }

  /** Local files without .crc files beside them, and with the user's umask, not Hadoop's own. */
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

  private static void requireUsable(FileSystem fs, Path root, Earlier earlier) throws IOException {
    if (!fs.getFileStatus(root).isDirectory()) {
      throw new ConfigurationException("Cannot save to %s: it is a file".formatted(root));
    }
    FileStatus[] children = fs.listStatus(root);
    for (FileStatus child : children) {
      if (!OURS.contains(child.getPath().getName())) {
        throw new ConfigurationException(
            "Cannot save to %s: it holds %s, which is not of a run; choose another --save-path"
                .formatted(root, child.getPath().getName()));
      }
    }
    if (children.length > 0 && earlier == Earlier.REFUSE) {
      throw new ConfigurationException(
          "Cannot save to %s: it holds an earlier run; continue it with --resume or replace it with --overwrite"
              .formatted(root));
    }
  }

  /**
   * Removes the earlier run if it is to be overwritten. Called once all input is known to be good.
   */
  void begin() throws IOException {
    if (earlier == Earlier.OVERWRITE) {
      for (String name : OURS) {
        fs.delete(new Path(root, name), true);
      }
    }
    fs.mkdirs(checkpoints());
  }

  @Override
  public String toString() {
    return root.toString();
  }

  FileSystem fileSystem() {
    return fs;
  }

  Path metrics() {
    return new Path(root, "metrics.jsonl");
  }

  /** Where the model is put together before it becomes {@link #model()}. */
  Path modelInProgress() {
    return new Path(root, "model" + TEMPORARY);
  }

  Path model() {
    return new Path(root, "model");
  }

  private Path checkpoints() {
    return new Path(root, "checkpoints");
  }

  /** Writes a file so that it is seen whole or not at all. */
  void write(Path file, Contents contents) throws IOException {
    Path temporary = file.suffix(TEMPORARY);
    try (FSDataOutputStream out = fs.create(temporary, true)) {
      contents.write(out);
      if (out.hasCapability(StreamCapabilities.HSYNC)) {
        out.hsync();
      }
    } catch (IOException | RuntimeException | FSError e) {
      try {
        fs.delete(temporary, false);
      } catch (IOException alsoFailed) {
        e.addSuppressed(alsoFailed);
      }
      throw e;
    }
    rename(temporary, file);
  }

  /** Finishes a {@link #write} that died between removing the old file and renaming the new. */
  void recover(Path file) throws IOException {
    Path temporary = file.suffix(TEMPORARY);
    if (!fs.exists(file) && fs.exists(temporary)) {
      rename(temporary, file);
    }
  }

  /** Puts {@code to} in place of what stands there. */
  void rename(Path from, Path to) throws IOException {
    fs.delete(to, true);
    if (!fs.rename(from, to)) {
      throw new IOException("Cannot rename %s to %s".formatted(from, to));
    }
  }

  /**
   * Saves a checkpoint and removes all but it and the newest before it, {@code keep} in all. Later
   * ones are damaged, or training would have gone on from them.
   */
  void save(Checkpoint checkpoint, int keep) throws IOException {
    String name =
        "epoch-%06d-round-%09d".formatted(checkpoint.epoch(), checkpoint.round()) + SUFFIX;
    write(new Path(checkpoints(), name), checkpoint::write);
    Set<Path> kept =
        newestFirst().stream()
            .map(FileStatus::getPath)
            .dropWhile(file -> !file.getName().equals(name))
            .limit(keep)
            .collect(Collectors.toSet());
    for (FileStatus file : fs.listStatus(checkpoints())) {
      Path path = file.getPath();
      boolean ours = path.getName().endsWith(SUFFIX) || path.getName().endsWith(SUFFIX + TEMPORARY);
      if (ours && !kept.contains(path)) {
        fs.delete(path, true);
      }
    }
  }

  /**
   * The newest whole checkpoint of the run to resume; damaged ones are named and passed over.
   *
   * @return empty if none was written yet, or nothing is to be resumed
   * @throws InputException if they cannot be listed, or there are some and none is whole
   */
  Optional<Checkpoint> latest() {
    List<FileStatus> files;
    try {
      if (earlier != Earlier.RESUME || !fs.exists(checkpoints())) {
        return Optional.empty();
      }
      files = newestFirst();
    } catch (IOException e) {
      throw new InputException(
          "Cannot resume from %s: %s".formatted(root, InputException.firstLine(e)), e);
    }
    for (FileStatus file : files) {
      try (InputStream in = fs.open(file.getPath())) {
        Checkpoint checkpoint = Checkpoint.read(in, file.getLen());
        LOG.info("Resuming from {}", file.getPath());
        return Optional.of(checkpoint);
      } catch (IOException | FSError e) { // an error of a local disk
        LOG.warn("Passing over checkpoint {}: {}", file.getPath(), InputException.firstLine(e));
      }
    }
    if (!files.isEmpty()) {
      throw new InputException(
          "Cannot resume: none of the %d checkpoints in %s is whole"
              .formatted(files.size(), checkpoints()));
    }
    return Optional.empty();
  }

  private List<FileStatus> newestFirst() throws IOException {
    return Arrays.stream(fs.listStatus(checkpoints()))
        .filter(file -> file.getPath().getName().endsWith(SUFFIX))
        .sorted(Comparator.comparing((FileStatus file) -> file.getPath().getName()).reversed())
        .toList();
  }
}
