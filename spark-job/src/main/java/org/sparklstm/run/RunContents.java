package org.sparklstm.run;

import com.fasterxml.jackson.databind.JsonNode;
import java.io.IOException;
import java.util.List;
import java.util.Optional;
import java.util.stream.Stream;
import org.apache.hadoop.conf.Configuration;
import org.apache.hadoop.fs.FileSystem;
import org.apache.hadoop.fs.Path;
import org.sparklstm.checkpoint.Checkpoint;
import org.sparklstm.error.InputException;
import org.sparklstm.files.AtomicFiles;
import org.sparklstm.files.HadoopFiles;

/**
 * What a path holds that training wrote.
 *
 * @param model as trained
 * @param checkpoint the newest one that can be read
 * @param events of {@code metrics.jsonl} but for those of rounds, in their order
 */
public record RunContents(
    Optional<SavedModel> model, Optional<Checkpoint> checkpoint, List<JsonNode> events) {

  /**
   * Looks at a path of any Hadoop file system.
   *
   * @param uri the directory of a run, its {@code model/}, a saved {@link
   *     org.sparklstm.ml.LstmLmModel}, or a checkpoint's file
   * @throws InputException if it is none of these, or cannot be read
   */
  public static RunContents read(String uri, Configuration hadoop) {
    try {
      Path path = HadoopFiles.path(uri);
      return HadoopFiles.on(path, hadoop, fs -> read(fs, fs.makeQualified(path)));
    } catch (IOException e) {
      throw new InputException("Cannot read %s: %s".formatted(uri, InputException.firstLine(e)), e);
    }
  }

  private static RunContents read(FileSystem fs, Path path) throws IOException {
    if (fs.getFileStatus(path).isFile()) {
      return new RunContents(
          Optional.empty(), Optional.of(CheckpointStore.read(fs, path)), List.of());
    }
    Optional<SavedModel> model =
        Stream.of(new Path(path, RunDirectory.MODEL), new Path(path, "data"), path)
            .filter(directory -> SavedModel.isIn(fs, directory))
            .findFirst()
            .map(directory -> SavedModel.read(fs, directory));
    CheckpointStore checkpoints =
        new CheckpointStore(AtomicFiles.on(fs), new Path(path, RunDirectory.CHECKPOINTS));
    Optional<Checkpoint> checkpoint = checkpoints.latest("Reading");
    if (model.isEmpty() && checkpoint.isEmpty()) {
      throw new InputException(
          "Cannot read %s: it holds no model and no checkpoint of this program".formatted(path));
    }
    return new RunContents(
        model, checkpoint, MetricsLog.results(fs, new Path(path, RunDirectory.METRICS)));
  }
}
