package org.sparklstm.app;

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
import org.sparklstm.run.RunListener;
import org.sparklstm.train.RoundSummary;

/**
 * The progress of an epoch, and the time that is left of the run: a bar on standard error if that
 * is a terminal, else a log line now and then.
 */
public final class Progress implements RunListener {
  private static final Logger LOG = LoggerFactory.getLogger(Progress.class);
  private static final Duration LOG_INTERVAL = Duration.ofSeconds(30);

  private final boolean onTerminal = onTerminal();
  private Display display = new LogLines("", 0);
  private long started; // the first epoch, and so with validations, as the rest will have them
  private int rounds;
  private long began;
  private long tokens;
  private long done; // rounds of this process
  private long left;

  /** Where the progress of one epoch is shown. */
  private interface Display extends AutoCloseable {
    void show(int round, String status);

    @Override
    void close();
  }

  private record Bar(ProgressBar bar) implements Display {
    @Override
    public void show(int round, String status) {
      bar.stepTo(round);
      bar.setExtraMessage(status);
    }

    @Override
    public void close() {
      bar.close();
    }
  }

  private static final class LogLines implements Display {
    private final String epoch;
    private final int rounds;
    private long logged = System.nanoTime();

    LogLines(String epoch, int rounds) {
      this.epoch = epoch;
      this.rounds = rounds;
    }

    @Override
    public void show(int round, String status) {
      long now = System.nanoTime();
      if (now - logged > LOG_INTERVAL.toNanos()) {
        logged = now;
        LOG.info("{}: round {} of {}, {}", epoch, round, rounds, status);
      }
    }

    @Override
    public void close() {}
  }

  @Override
  public void epochBegins(EpochBegin epoch) {
    String name = "Epoch %s".formatted(epoch.epoch() + 1);
    began = System.nanoTime();
    tokens = 0;
    left = epoch.left();
    started = done == 0 ? began : started;
    rounds = epoch.rounds();
    display =
        onTerminal
            ? new Bar(bar(name, epoch.rounds()).startsFrom(epoch.done(), Duration.ZERO).build())
            : new LogLines(name, epoch.rounds());
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

  @Override
  public void roundEnded(RoundSummary round) {
    tokens += round.loss().tokens();
    done++;
    left--;
    double perSecond = tokens * 1e9 / (System.nanoTime() - began);
    double perplexity = round.state().loss().perplexity();
    display.show(
        round.state().round(),
        String.format(
            Locale.ROOT,
            "%,.0f tokens/s, perplexity %.1f, %s left",
            perSecond,
            perplexity,
            time((System.nanoTime() - started) / 1e9 / done * left)));
    if (round.state().round() == rounds) { // before anybody prints the epoch's line
      close();
    }
  }

  /** Seconds as people say them, the larger unit and the next one. */
  static String time(double seconds) {
    long rounded = Math.round(seconds);
    if (rounded < 60) {
      return rounded + " s";
    }
    return rounded < 3600
        ? String.format(Locale.ROOT, "%d min %d s", rounded / 60, rounded % 60)
        : String.format(Locale.ROOT, "%d h %d min", rounded / 3600, rounded / 60 % 60);
  }

  @Override
  public void close() {
    display.close();
    display = new LogLines("", 0); // a bar that is closed twice would be printed twice
  }
}
