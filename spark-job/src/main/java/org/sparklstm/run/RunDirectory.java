package org.sparklstm.run;

import static org.sparklstm.files.AtomicFiles.TEMPORARY;

import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import org.apache.hadoop.conf.Configuration;
import org.apache.hadoop.fs.FSError;
import org.apache.hadoop.fs.FileStatus;
import org.apache.hadoop.fs.FileSystem;
import org.apache.hadoop.fs.Path;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.sparklstm.checkpoint.Checkpoint;
import org.sparklstm.error.ConfigurationException;
import org.sparklstm.error.InputException;
import org.sparklstm.files.AtomicFiles;
import org.sparklstm.files.HadoopFiles;

/**
 * The directory of a run, on any Hadoop file system: {@code model/}, {@code metrics.jsonl}, {@code
 * tensorboard/}, {@code report.html} and {@code checkpoints/}.
 */
public final class RunDirectory {
  private static final Logger LOG = LoggerFactory.getLogger(RunDirectory.class);
  static final String CHECKPOINTS = "checkpoints";
  static final String METRICS = "metrics.jsonl";
  static final String MODEL = SavedModel.DIRECTORY;
  private static final String TENSOR_BOARD = "tensorboard";
  private static final String REPORT = "report.html";
  private static final String PROBE = "probe" + TEMPORARY;

  /** What a run has, in the order in which it is removed: nobody resumes from half of a run. */
  private static final List<String> RUN_FILES =
      List.of(
          CHECKPOINTS,
          MODEL,
          MODEL + TEMPORARY,
          METRICS,
          METRICS + TEMPORARY,
          TENSOR_BOARD,
          REPORT,
          REPORT + TEMPORARY);

  /** What a run has in its directories; a hidden file, of a desktop or of NFS, is no matter. */
  private static final Pattern IN_RUN =
      Pattern.compile(
          "\\..*|%s|%s|(%s)(%s)?"
              .formatted(
                  CheckpointStore.FILE,
                  TensorBoardLog.FILE,
                  SavedModel.FILES.stream().map(Pattern::quote).collect(Collectors.joining("|")),
                  Pattern.quote(TEMPORARY)));

  /** What to do with a run that is in the directory already. */
  public enum ExistingRun {
    /** Begin no run here, and change nothing. */
    REFUSE,
    /** Continue it from its newest checkpoint; begin one if there is none. */
    RESUME,
    /** Remove it, and begin another. */
    OVERWRITE
  }

  private final AtomicFiles files;
  private final Path root;
  private final ExistingRun existing;

  private RunDirectory(AtomicFiles files, Path root, ExistingRun existing) {
    this.files = files;
    this.root = root;
    this.existing = existing;
  }

  /**
   * Checks that a run may be saved under {@code uri}; changes nothing there but to create it. What
   * else is there stays as it is.
   *
   * @throws ConfigurationException if it cannot be written, or holds what may not be touched
   */
  public static RunDirectory open(String uri, Configuration hadoop, ExistingRun existing) {
    Path root;
    try {
      root = HadoopFiles.path(uri);
    } catch (IOException e) {
      throw new ConfigurationException(
          "Cannot write to save path '%s': %s".formatted(uri, e.getMessage()));
    }
    try {
      return HadoopFiles.on(root, hadoop, fs -> open(fs, fs.makeQualified(root), existing));
    } catch (IOException e) {
      throw new ConfigurationException(
          "Cannot write to save path %s: %s"
              .formatted(HadoopFiles.describe(root, hadoop), InputException.firstLine(e)));
    }
  }

  private static RunDirectory open(FileSystem found, Path root, ExistingRun existing)
      throws IOException {
    AtomicFiles files = AtomicFiles.on(found);
    FileSystem fs = files.fileSystem();
    if (fs.exists(root)) {
      requireUsable(fs, root, existing);
    }
    fs.mkdirs(root);
    Path probe = new Path(root, PROBE);
    fs.create(probe, true).close();
    fs.delete(probe, false);
    return new RunDirectory(files, root, existing);
  }

  private static void requireUsable(FileSystem fs, Path root, ExistingRun existing)
      throws IOException {
    if (!fs.getFileStatus(root).isDirectory()) {
      throw new ConfigurationException("Cannot save to %s: it is a file".formatted(root));
    }
    List<Path> run = new ArrayList<>();
    for (String name : RUN_FILES) {
      Path path = new Path(root, name);
      if (fs.exists(path)) {
        run.add(path);
      }
    }
    if (!run.isEmpty() && existing == ExistingRun.REFUSE) {
      throw new ConfigurationException(
          "Cannot save to %s: it holds an earlier run; continue it with --resume or replace it with --overwrite"
              .formatted(root));
    }
    for (Path path : run) {
      boolean isFile = path.getName().startsWith(METRICS) || path.getName().startsWith(REPORT);
      if (fs.getFileStatus(path).isDirectory() == isFile) {
        throw new ConfigurationException(
            "Cannot save to %s: %s is a %s, which no run has"
                .formatted(root, path, isFile ? "directory" : "file"));
      }
      for (FileStatus child : fs.listStatus(path)) {
        if (!isFile && !IN_RUN.matcher(child.getPath().getName()).matches()) {
          throw new ConfigurationException(
              "Cannot save to %s: %s is not of a run, and would be lost; move it away, or choose another --save-path"
                  .formatted(root, child.getPath()));
        }
      }
    }
  }

  /**
   * Checks that a run which begins here does not remove what it begins with.
   *
   * @param model {@code train.init-from}
   * @throws ConfigurationException if it would
   */
  public void requireKept(String model, Configuration hadoop) {
    try {
      Path path = HadoopFiles.path(model);
      Path qualified = HadoopFiles.on(path, hadoop, fs -> fs.makeQualified(path));
      if (existing == ExistingRun.OVERWRITE && (qualified + "/").startsWith(root + "/")) {
        throw new ConfigurationException(
            "Cannot begin with train.init-from = %s: --overwrite would remove it from %s; choose another --save-path"
                .formatted(model, root));
      }
    } catch (IOException e) {
      throw new InputException(
          "Cannot read model %s: %s".formatted(model, InputException.firstLine(e)), e);
    }
  }

  /** Removes an earlier run if it is to be overwritten. */
  void clear() throws IOException {
    FileSystem fs = files.fileSystem();
    if (existing == ExistingRun.OVERWRITE) {
      for (String name : RUN_FILES) {
        fs.delete(new Path(root, name), true);
      }
    }
    fs.mkdirs(new Path(root, CHECKPOINTS));
  }

  @Override
  public String toString() {
    return root.toString();
  }

  /** The newest checkpoint, if the run in this directory is to be continued and has one. */
  public Optional<Checkpoint> latest() {
    return existing == ExistingRun.RESUME
        ? checkpoints().latest("Resuming from")
        : Optional.empty();
  }

  /**
   * Begins or continues a run in this directory, now that all input is known to be good. A run that
   * is to be overwritten is removed, and metrics after {@code begin} are dropped.
   *
   * @param begin where the run begins or continues
   * @param trained tokens of all lanes up to there
   * @return what keeps the run here
   */
  public List<RunListener> begin(Checkpoint begin, long trained) throws IOException {
    clear();
    ReportPage page = new ReportPage(begin.run());
    TensorBoardLog curves = TensorBoardLog.open(files.fileSystem(), new Path(root, TENSOR_BOARD));
    try {
      MetricsLog metrics =
          MetricsLog.open(
              files, new Path(root, METRICS), begin.state(), trained, List.of(page, curves));
      return List.of(
          metrics,
          curves,
          new CheckpointListener(checkpoints(), begin.run(), begin.best()),
          new Report(page, files, new Path(root, REPORT)));
    } catch (IOException | RuntimeException | FSError e) {
      try (curves) {
        throw e;
      }
    }
  }

  /**
   * The parameters at the end of an epoch of a run that is continued.
   *
   * @param epoch from 0
   * @throws InputException if its checkpoint is missing or damaged
   */
  public float[] parameters(int epoch) {
    return checkpoints().parameters(epoch);
  }

  /** Writes {@code model/} in place of what stands there. */
  public void save(SavedModel saved) throws IOException {
    Path inProgress = new Path(root, MODEL + TEMPORARY);
    files.fileSystem().delete(inProgress, true);
    files.fileSystem().mkdirs(inProgress);
    saved.write(files, inProgress);
    files.replaceDirectory(inProgress, new Path(root, MODEL));
    LOG.info("Model saved to {}", new Path(root, MODEL));
  }

  CheckpointStore checkpoints() {
    return new CheckpointStore(files, new Path(root, CHECKPOINTS));
  }
}
