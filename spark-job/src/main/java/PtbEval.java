import org.sparklstm.cli.Commands;
import org.sparklstm.cli.EvalCommand;
import org.sparklstm.cluster.Platform;

/** Gives the perplexity of texts under a trained model: {@code --help} says more. */
@SuppressWarnings("DefaultPackage") // so that --class PtbEval is all there is to type
public final class PtbEval {
  private PtbEval() {}

  /** Runs the program. It ends the JVM with the exit code, unless that is 0. */
  public static void main(String[] args) {
    Platform.requireSupportedOrExit(); // before anything that links to Spark
    Commands.run(EvalCommand::new, args);
  }
}
