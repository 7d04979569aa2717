package org.sparklstm.averaging;

import org.apache.spark.api.java.JavaSparkContext;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.sparklstm.text.LaneAssignment;
import org.sparklstm.train.RoundSummary.Timing;
import org.sparklstm.train.TrainingPlan;
import org.sparklstm.train.TrainingState;

/** Decides how many windows a round has, by rounds whose results are dropped. */
public final class PeriodProbe {
  private static final Logger LOG = LoggerFactory.getLogger(PeriodProbe.class);
  private static final int PROBES = 4;
  private static final int PROBE_WINDOWS = 8;
  private static final double MAX_OVERHEAD = 0.05;

  private PeriodProbe() {}

  /** The windows of a round that is run to be timed. */
  public static int windows(int windowsOfAnEpoch) {
    return Math.min(PROBE_WINDOWS, windowsOfAnEpoch);
  }

  /**
   * The least power of two of windows, at most an epoch's, that keeps what a round costs besides
   * computing under 5 % of it.
   *
   * @param plan with {@link #windows} as its period
   * @param start where each of the timed rounds begins
   * @param shards the training text
   * @param windows windows of an epoch
   */
  public static int choose(
      JavaSparkContext spark,
      LaneAssignment lanes,
      TrainingPlan plan,
      TrainingState start,
      ShardedLanes shards,
      int windows) {
    double compute = 0;
    double overhead = 0;
    for (int probe = 0; probe < PROBES; probe++) {
      Timing timing =
          new AveragingTrainer(spark, lanes, plan, start).round(shards, windows).timing();
      if (probe > 0) { // the first warms up
        compute += timing.slowest() / (double) plan.averaging().period();
        overhead += timing.total() - timing.slowest();
      }
    }
    int period = period(overhead, compute, windows);
    LOG.info(
        "averaging.period = {}: a round costs {} ms, each of its windows {} ms",
        period,
        Math.round(overhead / (PROBES - 1)),
        Math.round(compute / (PROBES - 1)));
    return period;
  }

  /**
   * A power of two, or all windows.
   *
   * @param overhead of some rounds
   * @param compute of one window in each of them, in the same unit
   */
  static int period(double overhead, double compute, int windows) {
    double least = Math.ceil(overhead / compute * (1 / MAX_OVERHEAD - 1));
    return least < windows
        ? (int) Math.min(windows, Long.highestOneBit(Math.max(1, 2 * (long) least - 1)))
        : windows;
  }
}
