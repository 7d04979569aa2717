import org.sparklstm.cli.Commands;
import org.sparklstm.cli.ScoreCommand;

/** Ranks and filters documents by a trained model: {@code --help} says more. */
@SuppressWarnings("DefaultPackage") // so that --class PtbScore is all there is to type
public final class PtbScore {
  private PtbScore() {}

  public static void main(String[] args) {
    Commands.runOnSpark(ScoreCommand::new, args);
  }
}
