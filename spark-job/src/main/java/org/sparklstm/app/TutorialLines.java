package org.sparklstm.app;

import java.io.PrintStream;
import java.util.Locale;
import org.sparklstm.engine.LossSum;
import org.sparklstm.run.RunListener;

/**
 * Prints the lines of the TensorFlow tutorial, which scripts read. Epochs count from 1. It comes
 * before {@link TrainJob}'s own listeners, because an epoch's first line comes before its bar.
 */
public final class TutorialLines implements RunListener {
  private final PrintStream out;

  /**
   * A listener.
   *
   * @param out gets the lines
   */
  public TutorialLines(PrintStream out) {
    this.out = out;
  }

  /** Example: {@code Epoch: 1 Learning rate: 1.000}. */
  @Override
  public void epochBegins(EpochBegin epoch) {
    print("Epoch: %d Learning rate: %.3f", epoch.epoch() + 1, epoch.rate());
  }

  /** Example: {@code Epoch: 1 Train Perplexity: 270.123}. */
  @Override
  public void epochTrained(int epoch, LossSum loss) {
    print("Epoch: %d Train Perplexity: %.3f", epoch + 1, loss.perplexity());
  }

  /** Example: {@code Epoch: 1 Valid Perplexity: 178.123}. */
  @Override
  public void epochEnded(EpochSummary epoch) {
    print("Epoch: %d Valid Perplexity: %.3f", epoch.epoch() + 1, epoch.valid());
  }

  /** Example: {@code Test Perplexity: 116.123}. */
  @Override
  public void tested(double perplexity) {
    print("Test Perplexity: %.3f", perplexity);
  }

  private void print(String format, Object... values) {
    out.println(String.format(Locale.ROOT, format, values));
  }
}
