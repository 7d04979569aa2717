package org.sparklstm.config;

import java.util.List;
import java.util.Locale;
import java.util.OptionalDouble;
import java.util.function.IntSupplier;
import org.sparklstm.config.Settings.Outer;

/**
 * How training is spread over K workers: the settings for K, made from those for one. Keys that the
 * user has set stay as they are.
 *
 * <p>K workers read lanes / 20 times as much text in a window as the tutorial does, so their steps
 * must be that many times as long. That is the gain of the outer step, 1 / (1 − momentum). It has a
 * limit, because the full rate must last many times as long as momentum takes to build up.
 *
 * @param settings with workers and lanes decided, and what depends on them
 * @param reasons three lines for people; none where nothing was to be decided
 */
public record Scaling(Settings settings, List<String> reasons) {
  private static final String LANES = "data.lanes";
  private static final String EPOCHS = "train.epochs";
  private static final String FULL_RATE_EPOCHS = "train.full-rate-epochs";
  private static final String DECAY_EPOCHS = "train.decay-epochs";
  private static final String PERIOD = "averaging.period";
  private static final String LATE_PERIOD = "averaging.late-period";
  private static final String MOMENTUM = "averaging.outer-momentum";
  private static final String MOVING_AVERAGE = "train.moving-average-epochs";

  /** The keys that are chosen where the user has not set them, besides {@code cluster.workers}. */
  public static final List<String> KEYS =
      List.of(
          LANES,
          EPOCHS,
          FULL_RATE_EPOCHS,
          DECAY_EPOCHS,
          PERIOD,
          LATE_PERIOD,
          MOMENTUM,
          MOVING_AVERAGE);

  /** Where the user sets one of these, the schedule is the user's. */
  private static final List<String> SCHEDULE =
      List.of(
          EPOCHS,
          FULL_RATE_EPOCHS,
          DECAY_EPOCHS,
          "train.decay",
          "train.warm-up-epochs",
          "train.schedule");

  /** Lanes that a learning rate of 1 is meant for: the tutorial's batch size. */
  private static final int SERIAL_LANES = 20;

  /** Lanes of a worker. With more a window takes longer, with fewer its gradient is noisier. */
  private static final int MOST_LANES = 10;

  private static final int FEWEST_LANES = 5;

  /** While workers make outer steps, a round has this many windows divided by the gain … */
  private static final int PERIOD_OF_GAIN = 64;

  /** … but at least so many. */
  private static final int SHORT_PERIOD = 16;

  /** Windows of a round once the rate falls. */
  private static final int LONG_PERIOD = 64;

  /** How many times as long as momentum takes to build up the full rate must last. */
  private static final int BUILD_UPS = 25;

  /** Epochs at the full rate of a network with dropout, for each epoch of the preset. */
  private static final double AVERAGED_SHARE = 0.5;

  /** Epochs that its moving average reaches back. */
  private static final int AVERAGED_EPOCHS = 2;

  /**
   * Chooses.
   *
   * @param wanted the settings for one worker, and what the user has set
   * @param tokens of the training text
   * @param slots how many tasks the cluster runs at once; asked where the number of workers is open
   */
  public static Scaling of(Settings wanted, long tokens, IntSupplier slots) {
    return new Chooser(wanted, tokens).choose(slots);
  }

  /**
   * Lanes that a worker may get, at most, as long as the text and the cluster are not known.
   *
   * @param wanted the settings for one worker, and what the user has set
   */
  public static int mostLanes(Settings wanted) {
    int shared = (wanted.data().lanes() - 1) / wanted.cluster().workers().orElse(1) + 1;
    int most = wanted.own().contains(LANES) ? shared : Math.max(shared, MOST_LANES);
    return wanted.data().lanesPerWorker().orElse(most);
  }

  /** The outer momentum whose steps are lanes / 20 times as long as those of plain averaging. */
  static double momentum(int lanes) {
    return Math.max(0, 1 - (double) SERIAL_LANES / lanes);
  }

  /** Chooses for one text. */
  private static final class Chooser {
    private final Settings wanted;
    private final long tokens;
    private final double gainLimit;
    private Settings chosen;

    Chooser(Settings wanted, long tokens) {
      this.wanted = wanted;
      this.tokens = tokens;
      // Momentum of gain g builds up in g rounds, and the full rate lasts 1 / g of its windows.
      double windows = wanted.train().fullRateEpochs() * windows(SERIAL_LANES);
      this.gainLimit = Math.max(1, Math.sqrt(windows / (BUILD_UPS * SHORT_PERIOD)));
      this.chosen = wanted;
    }

    /** Windows of an epoch, one after the other. */
    private double windows(int lanes) {
      return (double) tokens / lanes / wanted.data().window();
    }

    private boolean isOpen(String key) {
      return !wanted.own().contains(key);
    }

    private void set(String key, Object value) {
      if (isOpen(key)) {
        chosen = chosen.with(key, value);
      }
    }

    Scaling choose(IntSupplier slots) {
      int useful = usefulWorkers();
      int free = wanted.cluster().workers().isPresent() ? useful : slots.getAsInt();
      int workers = wanted.cluster().workers().orElse(Math.min(free, useful));
      chosen = chosen.with("cluster.workers", workers);
      if (workers > 1 && wanted.averaging().clip() == Settings.Clip.LOCAL) {
        return spread(workers, free > useful);
      }
      wanted.data().lanesPerWorker().ifPresent(lanes -> set(LANES, lanes * workers));
      return new Scaling(chosen, List.of());
    }

    /** Workers beyond these would have too few lanes each, or lanes that the gain cannot use. */
    private int usefulWorkers() {
      if (wanted.data().lanesPerWorker().isPresent()) {
        return Integer.MAX_VALUE;
      }
      return isOpen(LANES) && wanted.averaging().clip() == Settings.Clip.LOCAL
          ? Math.max(1, (int) (SERIAL_LANES * gainLimit) / FEWEST_LANES)
          : wanted.data().lanes();
    }

    private Scaling spread(int workers, boolean fewer) {
      int share = (int) (SERIAL_LANES * gainLimit) / workers;
      int each = Math.max(FEWEST_LANES, Math.min(MOST_LANES, share));
      set(LANES, Math.multiplyExact(workers, wanted.data().lanesPerWorker().orElse(each)));
      int lanes = chosen.data().lanes();
      double batches = Math.max(1, (double) lanes / SERIAL_LANES);
      double gain = gain(batches);
      if (gain < batches) {
        set(MOMENTUM, 1 - 1 / gain);
      }
      if (gain > 1) {
        set(PERIOD, Math.max(SHORT_PERIOD, Integer.highestOneBit((int) (PERIOD_OF_GAIN / gain))));
        if (isOpen(PERIOD)) {
          set(LATE_PERIOD, LONG_PERIOD);
        }
      }
      String schedule = schedule(Math.max(1, batches / gain), gain > 1);
      return new Scaling(
          chosen,
          List.of(
              format(
                  "Plan: %s workers share %s lanes: %,.0f windows an epoch, one worker has %,.0f%s",
                  workers,
                  lanes,
                  windows(lanes),
                  windows(SERIAL_LANES),
                  fewer ? "; more workers would not help a text of this length" : ""),
              format(
                  "Steps: %s; workers average every %s windows, and every %s once the rate falls",
                  gain > 1
                      ? format("%.1f times as long by outer momentum", gain)
                      : "as long as one worker's",
                  text(PERIOD),
                  chosen.averaging().latePeriod().isPresent() ? text(LATE_PERIOD) : text(PERIOD)),
              schedule));
    }

    /** How many times as far the outer step moves as plain averaging. */
    private double gain(double batches) {
      if (wanted.averaging().outer() == Outer.AVERAGE) {
        return 1;
      }
      OptionalDouble momentum = wanted.averaging().outerMomentum();
      return momentum.isPresent() ? 1 / (1 - momentum.getAsDouble()) : Math.min(batches, gainLimit);
    }

    /**
     * Chooses epochs.
     *
     * @param longer how many times as much text the full rate needs
     * @param outer whether workers make outer steps
     */
    private String schedule(double longer, boolean outer) {
      int full = (int) wanted.train().fullRateEpochs();
      int falling = wanted.train().epochs() - full;
      String reason = falling > 0 ? "falls as the preset's" : "never falls, as the preset says";
      if (!SCHEDULE.stream().allMatch(this::isOpen)) {
        reason = "yours";
      } else if (falling > 0) {
        if (falling > 2 && !wanted.model().dropout().any(wanted.model().layers())) {
          falling = 1;
          set(DECAY_EPOCHS, 0.5);
          reason = "falls fast, because without dropout longer training would overfit";
        } else if (falling > 2 && averages()) {
          full = (int) Math.round(wanted.train().epochs() * AVERAGED_SHARE);
          falling = 0;
          set(MOVING_AVERAGE, AVERAGED_EPOCHS);
          reason = "never falls, because the model is a moving average";
        }
        full = (int) Math.round(full * longer) + (outer ? 1 : 0);
        set(FULL_RATE_EPOCHS, full);
        set(EPOCHS, full + falling);
      }
      return format(
          "Schedule: %s epochs, %s of them at the full rate; %s",
          text(EPOCHS), text(FULL_RATE_EPOCHS), reason);
    }

    /** Whether the model may be a moving average. */
    private boolean averages() {
      return isOpen(MOVING_AVERAGE) || wanted.train().movingAverageEpochs() > 0;
    }

    private String text(String key) {
      return chosen.source().getValue(key).unwrapped().toString();
    }

    private static String format(String format, Object... values) {
      return String.format(Locale.ROOT, format, values);
    }
  }
}
