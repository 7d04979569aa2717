package org.sparklstm.checkpoint;

import java.util.List;
import java.util.Map;
import org.sparklstm.config.Settings;
import org.sparklstm.error.ConfigurationException;

/** What a run must have in common with the run that it continues, to come to the same bytes. */
public final class ResumeRules {
  /** Keys that a run decides where they are {@code auto}; the run that continues it keeps that. */
  private static final List<String> DECIDED =
      List.of("averaging.period", "cluster.workers", "engine.name");

  /** Keys that change no byte of what is trained already. */
  private static final List<String> FREE =
      List.of("train.epochs", "averaging.combine", "cluster.round-timeout");

  private ResumeRules() {}

  /**
   * Refuses to continue a run with other settings, naming the first difference.
   *
   * @throws ConfigurationException if the run would not continue to the same bytes
   */
  public static void requireSettings(Checkpoint checkpoint, Settings wanted) {
    int epoch = checkpoint.state().epoch();
    int begun = checkpoint.state().round() > 0 ? epoch + 1 : epoch;
    if (wanted.train().epochs() < begun) {
      throw new ConfigurationException(
          "Cannot resume: the checkpoint is of epoch %s, and train.epochs is %s"
              .formatted(begun, wanted.train().epochs()));
    }
    Map<String, String> written = checkpoint.run().settings().entries();
    wanted
        .entries()
        .forEach(
            (key, value) -> {
              if (!isFree(key, value) && !value.equals(written.get(key))) {
                throw new ConfigurationException(
                    "Cannot resume: the checkpoint was written with %s = %s, now it is %s"
                        .formatted(key, written.get(key), value));
              }
            });
  }

  private static boolean isFree(String key, String value) {
    return key.startsWith("checkpoint.")
        || FREE.contains(key)
        || (value.equals("auto") && DECIDED.contains(key));
  }

  /**
   * Refuses to continue a run on another corpus.
   *
   * @param corpus digest of the corpus at hand
   * @throws ConfigurationException if the checkpoint has another one
   */
  public static void requireCorpus(Checkpoint checkpoint, String corpus) {
    if (!checkpoint.run().corpus().equals(corpus)) {
      throw new ConfigurationException(
          ("Cannot resume: the corpus is not the one that the checkpoint was trained on"
                  + " (its lines and their digests are %s, not %s)")
              .formatted(corpus, checkpoint.run().corpus()));
    }
  }
}
