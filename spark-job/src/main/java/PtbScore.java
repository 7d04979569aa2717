import org.sparklstm.cli.Commands;
import org.sparklstm.cli.ScoreCommand;
import org.sparklstm.cluster.Platform;

/** Ranks and filters documents by a trained model: {@code --help} says more. */
@SuppressWarnings("DefaultPackage") // so that --class PtbScore is all there is to type
public final class PtbScore {
  private PtbScore() {}

  /** Runs the program. It ends the JVM with the exit code, unless that is 0. */
  public static void main(String[] args) {
    Platform.requireSupportedOrExit(); // before anything that links to Spark
    Commands.run(ScoreCommand::new, args);
  }
}
