package org.sparklstm.cli;

import java.io.IOException;
import java.util.concurrent.Callable;
import org.apache.hadoop.conf.Configuration;
import org.apache.hadoop.fs.FSError;
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
        "Writes a trained model as an ONNX file. Its graph reads ids [T, B] and a state h, c [L, B, H],"
            + " or [1, B, the sum of all H] where layers differ in size. It gives log_probabilities [T, B, V]"
            + " and the state h_out, c_out.",
    exitCodeListHeading = "%nExit codes:%n",
    exitCodeList = {
      "0:done",
      "1:failed, or the model cannot be used, or the file is there",
      "2:wrong usage"
    })
public final class ExportCommand implements Callable<Integer> {
  @Mixin private ModelPath modelPath = new ModelPath();

  @Option(
      names = "--onnx",
      paramLabel = "<uri>",
      required = true,
      description = "The file to write, on any Hadoop file system")
  private String onnx;

  @Option(names = "--overwrite", description = "Replace the file if it is there")
  private boolean overwrite;

  @Override
  public Integer call() {
    Commands.requireDecoded("--onnx", onnx);
    Configuration hadoop = new Configuration();
    try {
      Path file = HadoopFiles.path(onnx);
      return HadoopFiles.on(file, hadoop, fs -> write(fs, file, hadoop));
    } catch (IOException | FSError e) { // an error of a local disk
      throw cannotWrite(InputException.firstLine(e), e);
    }
  }

  private int write(FileSystem fs, Path file, Configuration hadoop) throws IOException {
    if (fs.exists(file)) {
      if (fs.getFileStatus(file).isDirectory()) {
        throw cannotWrite("it is a directory; give the name of a file", null);
      }
      if (!overwrite) {
        throw cannotWrite("it exists; replace it with --overwrite", null);
      }
    }
    SavedModel model = SavedModel.read(modelPath.uri(), hadoop);
    OnnxModel.Provenance provenance = new OnnxModel.Provenance(Platform.version(), model.config());
    AtomicFiles.on(fs)
        .write(
            file,
            out ->
                OnnxModel.write(
                    model.shape(), model.parameters(), model.vocabulary(), provenance, out));
    return CommandLine.ExitCode.OK;
  }

  private InputException cannotWrite(String why, Throwable cause) {
    return new InputException("Cannot write %s: %s".formatted(onnx, why), cause);
  }
}
