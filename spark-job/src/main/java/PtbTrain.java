import org.sparklstm.spark.TrainCommand;

/** Trains a language model: {@code spark-submit --class PtbTrain app.jar --help}. */
@SuppressWarnings("DefaultPackage") // so that --class PtbTrain is all there is to type
public final class PtbTrain {
  private PtbTrain() {}

  public static void main(String[] args) {
    int code = TrainCommand.run(args);
    if (code != 0) { // YARN takes an exit before main returns for a failure, even with 0
      System.exit(code);
    }
  }
}
