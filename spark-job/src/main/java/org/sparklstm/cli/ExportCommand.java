package org.sparklstm.cli;

import java.io.IOException;
import java.util.concurrent.Callable;
import org.apache.hadoop.conf.Configuration;
import org.apache.hadoop.fs.FileSystem;
import org.apache.hadoop.fs.Path;
import org.sparklstm.cluster.Platform;
import org.sparklstm.error.InputException;
import org.sparklstm.files.AtomicFiles;
import org.sparklstm.files.HadoopFiles;
import org.sparklstm.onnx.OnnxModel;
import org.sparklstm.run.SavedModel;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** The command line of {@code PtbExport}. */
@Command(
    name = "PtbExport",
    mixinStandardHelpOptions = true,
    sortOptions = false,
    description =
        "Writes a trained model as an ONNX file: ids [T, B], h and c [L, B, H] → log_probabilities"
            + " [T, B, V], h_out and c_out [L, B, H].",
    exitCodeListHeading = "%nExit codes:%n",
    exitCodeList = {"0:done", "1:failed, or the model cannot be used", "2:wrong usage"})
public final class ExportCommand implements Callable<Integer> {
  @Mixin private ModelPath modelPath = new ModelPath();

  @Option(
      names = "--onnx",
      paramLabel = "<uri>",
      required = true,
      description = "The file to write, on any Hadoop file system")
  private String onnx;

  @Option(names = "--overwrite", description = "Replace a file that is there")
  private boolean overwrite;

  @Override
  public Integer call() {
    Commands.requireDecoded("--onnx", onnx);
    Configuration hadoop = new Configuration();
    SavedModel model = SavedModel.read(modelPath.uri(), hadoop);
    try {
      Path file = HadoopFiles.path(onnx);
      return HadoopFiles.on(file, hadoop, fs -> write(model, fs, fs.makeQualified(file)));
    } catch (IOException | IllegalArgumentException e) {
      throw new InputException(
          "Cannot write %s: %s".formatted(onnx, InputException.firstLine(e)), e);
    }
  }

  private int write(SavedModel model, FileSystem fs, Path file) throws IOException {
    if (fs.exists(file) && !overwrite) {
      throw new InputException(
          "Cannot write %s: it exists; replace it with --overwrite".formatted(file));
    }
    OnnxModel.Provenance provenance = new OnnxModel.Provenance(Platform.version(), model.config());
    AtomicFiles.on(fs)
        .write(
            file,
            out ->
                OnnxModel.write(
                    model.shape(), model.parameters(), model.vocabulary(), provenance, out));
    return CommandLine.ExitCode.OK;
  }
}
