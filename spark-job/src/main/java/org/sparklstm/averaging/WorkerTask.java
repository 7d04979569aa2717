package org.sparklstm.averaging;

import java.io.Serializable;
import java.util.Arrays;
import org.sparklstm.engine.LossSum;
import org.sparklstm.engine.Replica;
import org.sparklstm.engine.Steps;
import org.sparklstm.text.LaneReader;
import org.sparklstm.train.Floats;
import org.sparklstm.train.Trained;
import org.sparklstm.train.TrainingPlan;
import org.sparklstm.train.WorkerUpdate;

/**
 * What one worker does in a round: windows [{@code from}, {@code to}) of its lanes. It is a pure
 * function, so that a task that is retried or moved gives the same bytes.
 *
 * @param epoch from 0
 * @param windows of an epoch
 */
record WorkerTask(TrainingPlan plan, int epoch, int windows, int from, int to)
    implements Serializable {

  /**
   * What all workers begin with.
   *
   * @param trained parameters, then the optimiser's state: {@link Trained#joined}
   * @param laneState [B, S] of all lanes
   */
  record Input(Floats trained, Floats laneState) implements Serializable {}

  /**
   * What a worker sends.
   *
   * @param update of the plan's kind
   */
  record Outcome(Floats update, WorkerEnd end) implements Serializable {}

  /**
   * Where a worker is at the end of a round.
   *
   * @param firstLane of the worker
   * @param laneState [lanes of the worker, S]
   * @param gradientNorm largest ‖g‖ before clipping; the round ends early at one that is not finite
   * @param nanos time that the windows took, without copying parameters in and out
   * @param gpu that Spark gave the task; empty if none
   */
  record WorkerEnd(
      int firstLane, Floats laneState, LossSum loss, double gradientNorm, long nanos, String gpu)
      implements Serializable {}

  Outcome run(LaneReader shard, Input input) {
    return ReplicaPool.with(
        plan.engine(), plan.shape(), shard.lanes(), replica -> run(shard, input, replica));
  }

  private Outcome run(LaneReader shard, Input input, Replica replica) {
    WorkerUpdate update = plan.averaging().update();
    int stateSize = plan.shape().laneStateSize();
    int firstState = shard.firstLane() * stateSize;
    int endState = firstState + shard.lanes() * stateSize;
    Trained start = Trained.of(input.trained().values(), plan.shape().parameterCount());
    start.copyInto(replica);
    replica.setLaneState(Arrays.copyOfRange(input.laneState().values(), firstState, endState));
    Steps steps =
        new Steps(
            shard.with(plan.windowShift(epoch)),
            from,
            to,
            plan.optimiser(),
            window -> plan.schedule().rate(epoch, window, windows),
            plan.regularisation(),
            plan.noiseSeed(epoch));
    long began = System.nanoTime();
    Steps.Result result = update.train(replica, steps);
    long nanos = System.nanoTime() - began;
    Floats laneState = new Floats(replica.laneState());
    return new Outcome(
        update.encode(replica, start),
        new WorkerEnd(
            shard.firstLane(),
            laneState,
            result.loss(),
            result.gradientNorm(),
            nanos,
            AssignedGpu.address()));
  }
}
