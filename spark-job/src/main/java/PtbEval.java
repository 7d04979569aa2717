import org.sparklstm.cli.Commands;
import org.sparklstm.cli.EvalCommand;
import org.sparklstm.cluster.Platform;

/** Gives the perplexity of texts under a trained model: {@code --help} says more. */
@SuppressWarnings("DefaultPackage") // so that --class PtbEval is all there is to type
public final class PtbEval {
  private PtbEval() {}

  /**
   * Evaluates a text, and ends the JVM if that fails: with 2 if an option or a setting is wrong,
   * else with 1.
   *
   * @param args the options that {@code --help} lists
   */
  public static void main(String[] args) {
    Platform.requireSupportedOrExit(); // before anything that links to Spark
    Commands.run(EvalCommand::new, args);
  }
}
