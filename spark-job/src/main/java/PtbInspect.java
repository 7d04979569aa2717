import org.sparklstm.cli.Commands;
import org.sparklstm.cli.InspectCommand;

/** Says what a model, a checkpoint or a run is: {@code --help} says more. */
@SuppressWarnings("DefaultPackage") // so that --class PtbInspect is all there is to type
public final class PtbInspect {
  private PtbInspect() {}

  public static void main(String[] args) {
    Commands.run(InspectCommand::new, args);
  }
}
