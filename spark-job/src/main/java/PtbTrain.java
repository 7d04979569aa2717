import org.sparklstm.cli.TrainCommand;
import org.sparklstm.cluster.Platform;
import org.sparklstm.error.ConfigurationException;

/** Trains a language model: {@code spark-submit --class PtbTrain app.jar --help}. */
@SuppressWarnings("DefaultPackage") // so that --class PtbTrain is all there is to type
public final class PtbTrain {
  private PtbTrain() {}

  public static void main(String[] args) {
    try {
      Platform.requireSupported(); // before anything that links to Spark
    } catch (ConfigurationException e) {
      System.err.println(e.getMessage());
      System.exit(2);
    }
    int code = TrainCommand.run(args);
    if (code != 0) { // YARN takes an exit before main returns for a failure, even with 0
      System.exit(code);
    }
  }
}
