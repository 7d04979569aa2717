import org.sparklstm.cli.Commands;
import org.sparklstm.cli.ExportCommand;

/** Writes a trained model as an ONNX file: {@code --help} says more. */
@SuppressWarnings("DefaultPackage") // so that --class PtbExport is all there is to type
public final class PtbExport {
  private PtbExport() {}

  /** Runs the program. It ends the JVM with the exit code, unless that is 0. */
  public static void main(String[] args) {
    Commands.run(ExportCommand::new, args);
  }
}
