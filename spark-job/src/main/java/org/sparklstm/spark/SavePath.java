package org.sparklstm.spark;

import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.Set;
import java.util.regex.Pattern;
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
  private static final String PROBE = "probe" + TEMPORARY;

  /** What a run is of, in the order in which it is removed: nobody resumes from half of a run. */
  private static final List<String> RUN =
      List.of(
          "checkpoints",
          "model",
          "model" + TEMPORARY,
          "metrics.jsonl",
          "metrics.jsonl" + TEMPORARY);

  private static final Pattern CHECKPOINT =
      Pattern.compile("epoch-\\d+-round-\\d+\\.safetensors(\\.tmp)?");

  /** What a run has in its directories; a hidden file, of a desktop or of NFS, is no matter. */
  private static final Pattern IN_RUN =
      Pattern.compile(
          "\\..*|%s|(model\\.safetensors|dl4j\\.zip|vocabulary\\.txt|config\\.conf)(\\.tmp)?"
              .formatted(CHECKPOINT));

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
   * Checks that a run may be saved under {@code uri}; changes nothing there but to create it. What
   * else is there stays as it is.
   *
   * @throws ConfigurationException if it cannot be written, or holds what may not be touched
   */
  static SavePath open(String uri, Configuration hadoop, Earlier earlier) {
    Path root;
    try {
      root = HadoopFiles.path(uri);
    } catch (IOException e) {
      throw new ConfigurationException(
          "Cannot write to save path '%s': %s".formatted(uri, e.getMessage()));
    }
    try {
      return HadoopFiles.on(root, hadoop, fs -> open(fs, fs.makeQualified(root), earlier));
    } catch (IOException e) {
      throw new ConfigurationException(
          "Cannot write to save path %s: %s"
              .formatted(HadoopFiles.describe(root, hadoop), InputException.firstLine(e)));
    }
  }

  private static SavePath open(FileSystem found, Path root, Earlier earlier) throws IOException {
    FileSystem fs = found instanceof LocalFileSystem ? local(found.getConf()) : found;
    if (fs.exists(root)) {
      requireUsable(fs, root, earlier);
    }
    fs.mkdirs(root);
    Path probe = new Path(root, PROBE);
    fs.create(probe, true).close();
    fs.delete(probe, false);
    return new SavePath(fs, root, earlier);
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
    List<Path> run = new ArrayList<>();
    for (String name : RUN) {
      Path path = new Path(root, name);
      if (fs.exists(path)) {
        run.add(path);
      }
    }
    if (!run.isEmpty() && earlier == Earlier.REFUSE) {
      throw new ConfigurationException(
          "Cannot save to %s: it holds an earlier run; continue it with --resume or replace it with --overwrite"
              .formatted(root));
    }
    for (Path path : run) {
      boolean metrics = path.getName().startsWith("metrics.jsonl");
      if (fs.getFileStatus(path).isDirectory() == metrics) {
        throw new ConfigurationException(
            "Cannot save to %s: %s is a %s, which no run has"
                .formatted(root, path, metrics ? "directory" : "file"));
      }
      for (FileStatus child : fs.listStatus(path)) {
        if (!metrics && !IN_RUN.matcher(child.getPath().getName()).matches()) {
          throw new ConfigurationException(
              "Cannot save to %s: %s is not of a run, and would be lost; move it away, or choose another --save-path"
                  .formatted(root, child.getPath()));
        }
      }
    }
  }

  /**
   * Removes the earlier run if it is to be overwritten. Called once all input is known to be good.
   */
  void begin() throws IOException {
    if (earlier == Earlier.OVERWRITE) {
      for (String name : RUN) {
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
        String.format(
            Locale.ROOT,
            "epoch-%06d-round-%09d.safetensors",
            checkpoint.epoch(),
            checkpoint.round());
    write(new Path(checkpoints(), name), checkpoint::write);
    Set<Path> kept =
        newestFirst().stream()
            .map(FileStatus::getPath)
            .dropWhile(file -> !file.getName().equals(name))
            .limit(keep)
            .collect(Collectors.toSet());
    for (FileStatus file : fs.listStatus(checkpoints())) {
      Path path = file.getPath();
      if (CHECKPOINT.matcher(path.getName()).matches() && !kept.contains(path)) {
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
          "Cannot resume: none of the %s checkpoints in %s is whole"
              .formatted(files.size(), checkpoints()));
    }
    return Optional.empty();
  }

  private List<FileStatus> newestFirst() throws IOException {
    return Arrays.stream(fs.listStatus(checkpoints()))
        .filter(file -> CHECKPOINT.matcher(file.getPath().getName()).matches())
        .filter(file -> !file.getPath().getName().endsWith(TEMPORARY))
        .sorted(Comparator.comparing((FileStatus file) -> file.getPath().getName()).reversed())
        .toList();
  }
}
