package org.sparklstm.ml;

import java.util.List;
import org.sparklstm.run.RunListener.EpochSummary;

/**
 * How the training of a {@link LstmLmModel} went. A run that was continued has the epochs of its
 * last process only; {@code metrics.jsonl} in its {@code savePath} has all.
 */
public final class LstmLmTrainingSummary {
  private final List<EpochSummary> epochs;

  LstmLmTrainingSummary(List<EpochSummary> epochs) {
    this.epochs = List.copyOf(epochs);
  }

  /** {@return how many epochs were trained} */
  public int totalEpochs() {
    return epochs.size();
  }

  /** {@return for each epoch the perplexity of the training text, while its parameters change} */
  public double[] trainPerplexityHistory() {
    return epochs.stream().mapToDouble(epoch -> epoch.loss().perplexity()).toArray();
  }

  /** {@return for each epoch the perplexity of the validation text at its end} */
  public double[] validPerplexityHistory() {
    return epochs.stream().mapToDouble(EpochSummary::valid).toArray();
  }

  /** {@return how many tokens were trained in a second, without validation} */
  public double tokensPerSecond() {
    double tokens = epochs.stream().mapToDouble(EpochSummary::trained).sum();
    return tokens / epochs.stream().mapToDouble(EpochSummary::seconds).sum();
  }
}
