package org.sparklstm.train;

import java.util.Collections;
import java.util.List;
import org.sparklstm.engine.LossSum;

/**
 * A round that has ended.
 *
 * @param state after it
 * @param loss Σ −ln p of the round alone
 * @param rate learning rate of its first window
 * @param gradientNorm the largest ‖g‖ of all workers and windows, before clipping
 * @param gpus that Spark gave the workers, in worker order; none if it gave none
 */
public record RoundSummary(
    TrainingState state,
    LossSum loss,
    double rate,
    double gradientNorm,
    Timing timing,
    List<String> gpus) {

  /**
   * Milliseconds.
   *
   * @param broadcast of sending the state to the workers
   * @param compute of each worker's windows, in worker order
   * @param combine of the driver's part of the average, once the last result is there; 0 if
   *     executors average all
   * @param total of the whole round
   */
  public record Timing(long broadcast, List<Long> compute, long combine, long total) {

    /** Of the windows of the worker that took longest. */
    public long slowest() {
      return Collections.max(compute);
    }
  }
}
