import org.sparklstm.cli.Commands;
import org.sparklstm.cli.InspectCommand;

/** Says what a model, a checkpoint or a run is: {@code --help} says more. */
@SuppressWarnings("DefaultPackage") // so that --class PtbInspect is all there is to type
public final class PtbInspect {
  private PtbInspect() {}

  /** Runs the program. It ends the JVM with the exit code, unless that is 0. */
  public static void main(String[] args) {
    Commands.run(InspectCommand::new, args);
  }
}
