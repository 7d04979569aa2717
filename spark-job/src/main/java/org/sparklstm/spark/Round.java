package org.sparklstm.spark;

import java.io.Serializable;
import java.util.Arrays;
import org.sparklstm.config.Settings.Clip;
import org.sparklstm.engine.Engine;
import org.sparklstm.engine.LossSum;
import org.sparklstm.engine.Replica;
import org.sparklstm.model.LstmSpec;
import org.sparklstm.text.LaneShard;
import org.sparklstm.train.Averaging;

/**
 * What one worker does between two averages: windows [{@code from}, {@code to}) of its lanes, by
 * local SGD. A pure function, so that a retried or moved task gives the same bytes.
 *
 * @param noiseSeed the epoch's seed of dropout noise
 */
record Round(
    Engine engine,
    LstmSpec spec,
    int from,
    int to,
    double rate,
    double maxGradNorm,
    Clip clip,
    long noiseSeed)
    implements Serializable {

  /**
   * What all workers start from.
   *
   * @param parameters flat, as bytes, which Java serialises faster than floats
   * @param laneState [B, L, 2, H] of all lanes
   */
  @SuppressWarnings("ArrayRecordComponent") // large, never compared
  record Start(byte[] parameters, float[] laneState) implements Serializable {}

  /**
   * What a worker ends with.
   *
   * @param update its parameters as bytes; with {@link Clip#AVERAGED} the gradient of the round's
   *     only window
   * @param laneState [lanes of the worker, L, 2, H]
   * @param gradientNorm largest ‖g‖ before clipping; the round ends early at one that is not finite
   * @param nanos time that the windows took, without taking and giving parameters
   */
  @SuppressWarnings("ArrayRecordComponent") // large, never compared
  record Result(byte[] update, float[] laneState, LossSum loss, double gradientNorm, long nanos)
      implements Serializable {}

  Result run(LaneShard shard, Start start) {
    return ReplicaPool.with(engine, spec, shard.lanes(), replica -> run(shard, start, replica));
  }

  private Result run(LaneShard shard, Start start, Replica replica) {
    int stateSize = spec.laneStateSize();
    int firstState = shard.firstLane() * stateSize;
    replica.setParameters(Averaging.fromBytes(start.parameters()));
    replica.setLaneState(
        Arrays.copyOfRange(start.laneState(), firstState, firstState + shard.lanes() * stateSize));
    long began = System.nanoTime();
    LossSum loss = LossSum.ZERO;
    double norm = 0;
    for (int window = from; window < to && Double.isFinite(norm); window++) {
      loss = loss.plus(replica.backpropagate(shard.window(window), noiseSeed));
      if (clip == Clip.LOCAL) {
        norm = Math.max(norm, replica.step(rate, maxGradNorm)); // NaN stays NaN
      }
    }
    long nanos = System.nanoTime() - began;
    if (clip == Clip.AVERAGED) {
      float[] gradient = replica.gradient();
      return new Result(
          Averaging.toBytes(gradient), replica.laneState(), loss, Replica.norm(gradient), nanos);
    }
    return new Result(
        Averaging.toBytes(replica.parameters()), replica.laneState(), loss, norm, nanos);
  }
}
