import org.sparklstm.cli.Commands;
import org.sparklstm.cli.InspectCommand;

/** Says what a model, a checkpoint or a run is: {@code --help} says more. */
@SuppressWarnings("DefaultPackage") // so that --class PtbInspect is all there is to type
public final class PtbInspect {
  private PtbInspect() {}

  /**
   * Describes a model, a checkpoint or a run, and ends the JVM if that fails: with 2 if an option
   * or a setting is wrong, else with 1.
   *
   * @param args the options that {@code --help} lists
   */
  public static void main(String[] args) {
    Commands.run(InspectCommand::new, args);
  }
}
