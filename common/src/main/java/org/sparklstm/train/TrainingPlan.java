package org.sparklstm.train;

import java.io.Serializable;
import org.sparklstm.engine.DropoutNoise;
import org.sparklstm.engine.EngineChoice;
import org.sparklstm.engine.Optimiser;
import org.sparklstm.engine.Regularisation;
import org.sparklstm.model.LstmShape;
import org.sparklstm.text.WindowShift;

/**
 * All that a trainer must know: what is trained, by which rules, and what computes it. Only the
 * schedule's plateaus change in a run.
 *
 * @param windowShift words of a {@link WindowShift}
 * @param movingAverage the model that training leads to
 * @param seed of the noise
 */
public record TrainingPlan(
    LstmShape shape,
    Schedule schedule,
    Optimiser optimiser,
    Regularisation regularisation,
    int windowShift,
    AveragingPlan averaging,
    MovingAverage movingAverage,
    EngineChoice engine,
    long seed)
    implements Serializable {

  /** The same plan after so many steps of the rate that validation has led to. */
  public TrainingPlan after(int plateaus) {
    return new TrainingPlan(
        shape,
        schedule.after(plateaus),
        optimiser,
        regularisation,
        windowShift,
        averaging,
        movingAverage,
        engine,
        seed);
  }

  /** The seed of an epoch's noise. */
  public long noiseSeed(int epoch) {
    return DropoutNoise.epochSeed(seed, epoch);
  }

  /** Where the windows of an epoch begin. */
  public WindowShift windowShift(int epoch) {
    return new WindowShift(windowShift, noiseSeed(epoch));
  }

  /**
   * The lengths of windows.
   *
   * @param window T
   * @return a new array of those that come, the longest first
   */
  public int[] windowLengths(int window) {
    return windowShift == 0
        ? new int[] {window}
        : new int[] {window + windowShift, window, window - windowShift};
  }

  /** Rounds of epoch {@code epoch}, from 0, of {@code windows} windows. */
  public int rounds(int epoch, int windows) {
    int full = schedule.fullRateWindows(epoch, windows);
    return ceilDivide(full, averaging.period())
        + ceilDivide(windows - full, averaging.latePeriod());
  }

  private static int ceilDivide(int windows, int period) {
    return windows / period + (windows % period == 0 ? 0 : 1);
  }

  /**
   * The first window of a round. The round before ends in front of it, and a round ends where the
   * learning rate falls for the first time.
   *
   * @param round from 0; the number of rounds has the number of windows
   */
  public int firstWindow(int epoch, int round, int windows) {
    int full = schedule.fullRateWindows(epoch, windows);
    int fullRounds = ceilDivide(full, averaging.period());
    long first =
        round < fullRounds
            ? (long) round * averaging.period()
            : full + (long) (round - fullRounds) * averaging.latePeriod();
    return (int) Math.min(first, windows);
  }

  /**
   * Where the workers' mean of a round leads. It is asked for before the round, so that the driver
   * keeps of the start only what it must.
   *
   * @param start where the round begins, not modified
   * @param window the round's first, from 0
   * @param windows of an epoch
   */
  public Destination destination(TrainingState start, int window, int windows) {
    double rate = schedule.rate(start.epoch(), window, windows);
    WorkerUpdate.Destination mean =
        averaging.update().destination(start.trained(), optimiser, rate);
    float[] momenta = start.momenta();
    OuterOptimiser outer = averaging.outer();
    if (outer.averages()) {
      return updates -> new Reached(mean.from(updates), momenta);
    }
    if (window >= schedule.fullRateWindows(start.epoch(), windows)) {
      return updates -> new Reached(mean.from(updates), new float[momenta.length]);
    }
    float[] began = start.parameters();
    return updates -> {
      Trained trained = mean.from(updates);
      return new Reached(trained, outer.step(began, trained.parameters(), momenta));
    };
  }

  /** Where the workers' mean of a round leads. */
  public interface Destination {
    /** What training continues with: new arrays, or the mean itself, which may be modified. */
    Reached from(float[] mean);
  }

  /**
   * What training continues with after a round.
   *
   * @param momenta m of the {@link OuterOptimiser}
   */
  @SuppressWarnings("ArrayRecordComponent") // large, never compared
  public record Reached(Trained trained, float[] momenta) {}

  /** Floats of a worker's update. */
  public int updateSize() {
    return averaging.update().size(shape.parameterCount(), optimiser);
  }

  /** Bytes of the parameters and the optimiser's state. */
  public long trainedBytes() {
    int parameters = shape.parameterCount();
    return Float.BYTES * ((long) parameters + optimiser.stateSize(parameters));
  }
}
