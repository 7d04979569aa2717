import org.sparklstm.cli.Commands;
import org.sparklstm.cli.TrainCommand;
import org.sparklstm.cluster.Platform;

/** Trains a language model: {@code spark-submit --class PtbTrain app.jar --help}. */
@SuppressWarnings("DefaultPackage") // so that --class PtbTrain is all there is to type
public final class PtbTrain {
  private PtbTrain() {}

  /**
   * Trains a model, and ends the JVM if that fails: with 2 if an option or a setting is wrong, else
   * with 1.
   *
   * @param args the options that {@code --help} lists
   */
  public static void main(String[] args) {
    Platform.requireSupportedOrExit(); // before anything that links to Spark
    Commands.run(TrainCommand::new, args);
  }
}
