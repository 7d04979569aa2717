import org.sparklstm.cli.Commands;
import org.sparklstm.cli.TrainCommand;

/** Trains a language model: {@code spark-submit --class PtbTrain app.jar --help}. */
@SuppressWarnings("DefaultPackage") // so that --class PtbTrain is all there is to type
public final class PtbTrain {
  private PtbTrain() {}

  public static void main(String[] args) {
    Commands.runOnSpark(TrainCommand::new, args);
  }
}
