package org.sparklstm.run;

import java.io.IOException;
import java.io.InputStream;
import java.util.Arrays;
import java.util.Comparator;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.Set;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import org.apache.hadoop.fs.FSError;
import org.apache.hadoop.fs.FileStatus;
import org.apache.hadoop.fs.FileSystem;
import org.apache.hadoop.fs.Path;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.sparklstm.checkpoint.Checkpoint;
import org.sparklstm.checkpoint.CheckpointFile;
import org.sparklstm.config.Settings;
import org.sparklstm.error.InputException;
import org.sparklstm.files.AtomicFiles;
import org.sparklstm.train.TrainingState;

/** The directory {@code checkpoints/} of a run. */
final class CheckpointStore {
  /** A checkpoint's file, whole or not yet. */
  static final Pattern FILE =
      Pattern.compile(
          "epoch-\\d+-round-\\d+\\.safetensors(%s)?"
              .formatted(Pattern.quote(AtomicFiles.TEMPORARY)));

  private static final Logger LOG = LoggerFactory.getLogger(CheckpointStore.class);

  private final AtomicFiles files;
  private final Path directory;

  CheckpointStore(AtomicFiles files, Path directory) {
    this.files = files;
    this.directory = directory;
  }

  /**
   * Saves a checkpoint, keeps the newest of those before it, and removes all others. Later ones
   * could not be read, or training would have continued from them.
   *
   * @param keep how many stay, this one included; that of the best epoch stays too if it is wanted
   */
  void save(Checkpoint checkpoint, int keep) throws IOException {
    TrainingState state = checkpoint.state();
    String name = name(state.epoch(), state.round());
    files.write(new Path(directory, name), out -> CheckpointFile.write(checkpoint, out));
    Set<Path> kept =
        newestFirst().stream()
            .map(FileStatus::getPath)
            .dropWhile(file -> !file.getName().equals(name))
            .limit(keep)
            .collect(Collectors.toSet());
    if (checkpoint.run().settings().train().keep() == Settings.Keep.BEST) {
      kept.add(afterEpoch(checkpoint.best().epoch()));
    }
    FileSystem fs = files.fileSystem();
    for (FileStatus file : fs.listStatus(directory)) {
      Path path = file.getPath();
      if (FILE.matcher(path.getName()).matches() && !kept.contains(path)) {
        fs.delete(path, true);
      }
    }
  }

  private static String name(int epoch, int round) {
    return String.format(Locale.ROOT, "epoch-%06d-round-%09d.safetensors", epoch, round);
  }

  /** The checkpoint at the end of an epoch, from 0. */
  private Path afterEpoch(int epoch) {
    return new Path(directory, name(epoch + 1, 0));
  }

  /**
   * The model at the end of an epoch.
   *
   * @param epoch from 0
   * @throws InputException if its checkpoint is missing or damaged
   */
  float[] parameters(int epoch) {
    try {
      return read(files.fileSystem(), afterEpoch(epoch)).state().model();
    } catch (IOException e) {
      throw new InputException(
          "Cannot resume with train.keep = best: checkpoint %s of the best epoch cannot be read: %s"
              .formatted(afterEpoch(epoch), InputException.firstLine(e)),
          e);
    }
  }

  /**
   * The newest checkpoint that can be used; the log names those that cannot.
   *
   * @param purpose which the log says before its name
   * @return empty if none was written yet
   * @throws InputException if they cannot be listed, or there are some and none can be used
   */
  Optional<Checkpoint> latest(String purpose) {
    FileSystem fs = files.fileSystem();
    List<FileStatus> newestFirst;
    try {
      if (!fs.exists(directory)) {
        return Optional.empty();
      }
      newestFirst = newestFirst();
    } catch (IOException e) {
      throw new InputException(
          "Cannot resume from %s: %s".formatted(directory, InputException.firstLine(e)), e);
    }
    String reason = "";
    for (FileStatus file : newestFirst) {
      try {
        Checkpoint checkpoint = read(fs, file.getPath());
        LOG.info("{} {}", purpose, file.getPath());
        return Optional.of(checkpoint);
      } catch (IOException | FSError e) { // an error of a local disk
        reason = reason.isEmpty() ? InputException.firstLine(e) : reason;
        LOG.warn("Passing over checkpoint {}: {}", file.getPath(), InputException.firstLine(e));
      }
    }
    if (!newestFirst.isEmpty()) {
      throw new InputException(
          "Cannot resume: none of the %s checkpoints in %s can be used. The newest: %s"
              .formatted(newestFirst.size(), directory, reason));
    }
    return Optional.empty();
  }

  /**
   * Reads a checkpoint.
   *
   * @throws IOException if it is none, or not whole and unchanged
   */
  static Checkpoint read(FileSystem fs, Path file) throws IOException {
    try (InputStream in = fs.open(file)) {
      return CheckpointFile.read(in, fs.getFileStatus(file).getLen());
    }
  }

  private List<FileStatus> newestFirst() throws IOException {
    return Arrays.stream(files.fileSystem().listStatus(directory))
        .filter(file -> FILE.matcher(file.getPath().getName()).matches())
        .filter(file -> !file.getPath().getName().endsWith(AtomicFiles.TEMPORARY))
        .sorted(Comparator.comparing((FileStatus file) -> file.getPath().getName()).reversed())
        .toList();
  }
}
