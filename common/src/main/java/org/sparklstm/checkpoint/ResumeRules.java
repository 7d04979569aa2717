package org.sparklstm.checkpoint;

import com.typesafe.config.Config;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.sparklstm.config.Scaling;
import org.sparklstm.config.Settings;
import org.sparklstm.error.ConfigurationException;
import org.sparklstm.train.Schedule;

/** What a run must have in common with the run that it continues, to come to the same bytes. */
public final class ResumeRules {
  /**
   * Keys that a run decides where the user leaves them open; the run that continues it keeps that.
   */
  private static final List<String> DECIDED =
      Stream.concat(Scaling.KEYS.stream(), Stream.of("cluster.workers", "engine.name")).toList();

  /** Keys that change no byte of what is trained already; but the epochs are a cosine's length. */
  private static final List<String> FREE =
      List.of(
          "train.epochs",
          "train.patience",
          "train.sample-words",
          "train.validate-every",
          "averaging.combine",
          "cluster.round-timeout");

  private ResumeRules() {}

  /**
   * Refuses to continue a run with other settings, naming the first difference, one that the user
   * has set if there is one.
   *
   * @throws ConfigurationException if the run would not continue to the same bytes
   */
  public static void requireSettings(Checkpoint checkpoint, Settings wanted) {
    Settings continued = continued(checkpoint, wanted);
    int epoch = checkpoint.state().epoch();
    int begun = checkpoint.state().round() > 0 ? epoch + 1 : epoch;
    if (continued.train().epochs() < begun) {
      throw new ConfigurationException(
          "Cannot resume: the checkpoint is of epoch %s, and train.epochs is %s"
              .formatted(begun, continued.train().epochs()));
    }
    Map<String, String> written = checkpoint.run().settings().entries();
    Map<String, String> now = continued.entries();
    now.keySet().stream()
        .filter(key -> !isFree(key, continued) && !now.get(key).equals(written.get(key)))
        .min(Comparator.comparing(key -> !wanted.own().contains(key))) // others may follow from it
        .ifPresent(
            key -> {
              throw new ConfigurationException(
                  "Cannot resume: the checkpoint was written with %s = %s, now it is %s"
                      .formatted(key, written.get(key), now.get(key)));
            });
  }

  private static boolean isFree(String key, Settings settings) {
    boolean stretches =
        key.equals("train.epochs") && settings.train().schedule() == Schedule.Fall.COSINE;
    return key.startsWith("checkpoint.") || (FREE.contains(key) && !stretches);
  }

  /** The settings of the run that continues: what was decided when the run began stays. */
  public static Settings continued(Checkpoint checkpoint, Settings wanted) {
    Config written = checkpoint.run().settings().source();
    Settings settings = wanted;
    for (String key : DECIDED) {
      boolean isAuto = wanted.source().getValue(key).unwrapped().equals("auto");
      if (isAuto || !wanted.own().contains(key)) {
        settings = settings.with(key, written.getValue(key).unwrapped());
      }
    }
    return settings;
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
