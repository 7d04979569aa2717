package org.sparklstm.app;

import java.util.Optional;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.sparklstm.engine.LossSum;
import org.sparklstm.run.RunListener;

/** Warns of an epoch that trained worse than guessing among all words. */
final class GuessingAlarm implements RunListener {
  private static final Logger LOG = LoggerFactory.getLogger(GuessingAlarm.class);

  private final int words;

  /**
   * An alarm.
   *
   * @param words of the vocabulary, which are the perplexity of guessing
   */
  GuessingAlarm(int words) {
    this.words = words;
  }

  @Override
  public void epochTrained(int epoch, LossSum loss) {
    warning(epoch, loss.perplexity(), words).ifPresent(LOG::warn);
  }

  /** A uniform model over the vocabulary's words has their number as its perplexity. */
  static Optional<String> warning(int epoch, double perplexity, int words) {
    return perplexity > words
        ? Optional.of(
            "Epoch %s: the train perplexity is above %s, that of guessing among all words; lower train.learning-rate"
                .formatted(epoch + 1, words))
        : Optional.empty();
  }
}
