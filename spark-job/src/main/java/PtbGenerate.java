import org.sparklstm.cli.Commands;
import org.sparklstm.cli.GenerateCommand;

/** Continues a text with a trained model: {@code --help} says more. */
@SuppressWarnings("DefaultPackage") // so that --class PtbGenerate is all there is to type
public final class PtbGenerate {
  private PtbGenerate() {}

  /** Runs the program. It ends the JVM with the exit code, unless that is 0. */
  public static void main(String[] args) {
    Commands.run(GenerateCommand::new, args);
  }
}
