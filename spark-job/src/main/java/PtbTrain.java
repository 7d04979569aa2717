import org.sparklstm.cli.Commands;
import org.sparklstm.cli.TrainCommand;
import org.sparklstm.cluster.Platform;

/** Trains a language model: {@code spark-submit --class PtbTrain app.jar --help}. */
@SuppressWarnings("DefaultPackage") // so that --class PtbTrain is all there is to type
public final class PtbTrain {
  private PtbTrain() {}

  /** Runs the program. It ends the JVM with the exit code, unless that is 0. */
  public static void main(String[] args) {
    Platform.requireSupportedOrExit(); // before anything that links to Spark
    Commands.run(TrainCommand::new, args);
  }
}
