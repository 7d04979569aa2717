package org.sparklstm.train;

import org.sparklstm.engine.LossSum;

/**
 * Where training is, between two rounds. Nothing modifies its arrays.
 *
 * @param epoch the epoch that continues, from 0; the number of epochs when training has ended
 * @param round rounds of that epoch already averaged
 * @param loss Σ −ln p of those rounds
 * @param laneState [B, S] of all lanes
 * @param momenta m of the {@link OuterOptimiser}; empty if it has none
 * @param model what is validated, tested and saved: a {@link MovingAverage} of parameters, or the
 *     parameters themselves
 */
@SuppressWarnings("ArrayRecordComponent") // large, never compared
public record TrainingState(
    int epoch,
    int round,
    LossSum loss,
    Trained trained,
    float[] laneState,
    float[] momenta,
    float[] model) {

  /** A state whose model is the parameters. */
  public TrainingState(
      int epoch, int round, LossSum loss, Trained trained, float[] laneState, float[] momenta) {
    this(epoch, round, loss, trained, laneState, momenta, trained.parameters());
  }

  /**
   * The state before the first round, with zero lane state.
   *
   * @param parameters initial ones, flat
   * @param lanes B
   */
  public static TrainingState initial(TrainingPlan plan, float[] parameters, int lanes) {
    return new TrainingState(
        0,
        0,
        LossSum.ZERO,
        new Trained(parameters, plan.optimiser().initialState(parameters.length)),
        new float[lanes * plan.shape().laneStateSize()],
        new float[plan.averaging().outer().stateSize(parameters.length)]);
  }

  /** The flat parameters. */
  public float[] parameters() {
    return trained.parameters();
  }

  /** The same state with another model. */
  public TrainingState with(float[] otherModel) {
    return new TrainingState(epoch, round, loss, trained, laneState, momenta, otherModel);
  }

  /** The state before the next epoch: zero lane state, all else carried over. */
  public TrainingState nextEpoch() {
    return new TrainingState(
        epoch + 1, 0, LossSum.ZERO, trained, new float[laneState.length], momenta, model);
  }
}
