import org.sparklstm.cli.Commands;
import org.sparklstm.cli.GenerateCommand;

/** Continues a text with a trained model: {@code --help} says more. */
@SuppressWarnings("DefaultPackage") // so that --class PtbGenerate is all there is to type
public final class PtbGenerate {
  private PtbGenerate() {}

  /**
   * Continues a text, and ends the JVM if that fails: with 2 if an option or a setting is wrong,
   * else with 1.
   *
   * @param args the options that {@code --help} lists
   */
  public static void main(String[] args) {
    Commands.run(GenerateCommand::new, args);
  }
}
