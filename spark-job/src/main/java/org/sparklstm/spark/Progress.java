package org.sparklstm.spark;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Locale;
import me.tongfei.progressbar.ProgressBar;
import me.tongfei.progressbar.ProgressBarBuilder;
import me.tongfei.progressbar.ProgressBarStyle;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.sparklstm.engine.LossSum;

/**
 * The progress of an epoch: a bar on standard error if that is a terminal, else a log line now and
 * then.
 */
final class Progress implements AutoCloseable {
  private static final Logger LOG = LoggerFactory.getLogger(Progress.class);
  private static final Duration LOG_INTERVAL = Duration.ofSeconds(30);

  private final String name;
  private final int rounds;
  private final ProgressBar bar; // null: not on a terminal
  private final long began = System.nanoTime();
  private long logged = began;
  private long tokens;

  /**
   * Starts to show an epoch.
   *
   * @param done rounds of the epoch that an earlier run did
   */
  Progress(String name, int rounds, int done) {
    this.name = name;
    this.rounds = rounds;
    this.bar = onTerminal() ? bar(name, rounds).startsFrom(done, Duration.ZERO).build() : null;
  }

  private static ProgressBarBuilder bar(String name, int rounds) {
    return new ProgressBarBuilder()
        .setTaskName(name)
        .setInitialMax(rounds)
        .setStyle(ProgressBarStyle.ASCII)
        .setUnit(" rounds", 1)
        .setUpdateIntervalMillis(500);
  }

  @SuppressWarnings("SystemConsoleNull") // Spark 3.5 runs on Java 17, where null is no terminal
  private static boolean onTerminal() {
    Path standardError = Path.of("/proc/self/fd/2");
    if (!Files.exists(standardError)) {
      return System.console() != null;
    }
    try {
      String target = Files.readSymbolicLink(standardError).toString();
      return target.startsWith("/dev/pts/") || target.startsWith("/dev/tty");
    } catch (IOException e) {
      return false;
    }
  }

  /**
   * Shows one more round.
   *
   * @param round rounds done
   * @param trained tokens of the round
   * @param epochLoss the epoch's loss so far
   */
  void round(int round, long trained, LossSum epochLoss) {
    tokens += trained;
    long now = System.nanoTime();
    double perSecond = tokens * 1e9 / (now - began);
    String status =
        String.format(
            Locale.ROOT, "%,.0f tokens/s, perplexity %.1f", perSecond, epochLoss.perplexity());
    if (bar != null) {
      bar.stepTo(round);
      bar.setExtraMessage(status);
    } else if (now - logged > LOG_INTERVAL.toNanos()) {
      logged = now;
      LOG.info("{}: round {} of {}, {}", name, round, rounds, status);
    }
  }

  @Override
  public void close() {
    if (bar != null) {
      bar.close();
    }
  }
}
