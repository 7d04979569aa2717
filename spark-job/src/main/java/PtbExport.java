import org.sparklstm.cli.Commands;
import org.sparklstm.cli.ExportCommand;

/** Writes a trained model as an ONNX file: {@code --help} says more. */
@SuppressWarnings("DefaultPackage") // so that --class PtbExport is all there is to type
public final class PtbExport {
  private PtbExport() {}

  /**
   * Exports a model, and ends the JVM if that fails: with 2 if an option or a setting is wrong,
   * else with 1.
   *
   * @param args the options that {@code --help} lists
   */
  public static void main(String[] args) {
    Commands.run(ExportCommand::new, args);
  }
}
