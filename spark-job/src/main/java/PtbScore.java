import org.sparklstm.cli.Commands;
import org.sparklstm.cli.ScoreCommand;
import org.sparklstm.cluster.Platform;

/** Ranks and filters documents by a trained model: {@code --help} says more. */
@SuppressWarnings("DefaultPackage") // so that --class PtbScore is all there is to type
public final class PtbScore {
  private PtbScore() {}

  /**
   * Scores documents, and ends the JVM if that fails: with 2 if an option or a setting is wrong,
   * else with 1.
   *
   * @param args the options that {@code --help} lists
   */
  public static void main(String[] args) {
    Platform.requireSupportedOrExit(); // before anything that links to Spark
    Commands.run(ScoreCommand::new, args);
  }
}
