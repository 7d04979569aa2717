package org.sparklstm.spark;

import java.io.Serializable;
import java.util.Arrays;
import org.sparklstm.config.Settings.Clip;
import org.sparklstm.engine.LossSum;
import org.sparklstm.engine.Replica;
import org.sparklstm.model.LstmSpec;
import org.sparklstm.text.LaneShard;

/**
 * What one worker does between two averages: windows [{@code from}, {@code to}) of its lanes, by
 * local SGD. A pure function, so that a retried or moved task gives the same bytes.
 *
 * @param noiseSeed the epoch's seed of dropout noise
 */
record Round(
    LstmSpec spec, int from, int to, double rate, double maxGradNorm, Clip clip, long noiseSeed)
    implements Serializable {

  /**
   * What all workers start from.
   *
   * @param parameters flat
   * @param laneState [B, L, 2, H] of all lanes
   */
  @SuppressWarnings("ArrayRecordComponent") // large, never compared
  record Start(float[] parameters, float[] laneState) implements Serializable {}

  /**
   * What a worker ends with.
   *
   * @param update its parameters; with {@link Clip#AVERAGED} the gradient of the round's only
   *     window
   * @param laneState [lanes of the worker, L, 2, H]
   * @param nanos time it took
   */
  @SuppressWarnings("ArrayRecordComponent") // large, never compared
  record Result(float[] update, float[] laneState, LossSum loss, long nanos)
      implements Serializable {}

  Result run(LaneShard shard, Start start) {
    long began = System.nanoTime();
    return ReplicaPool.with(
        spec,
        shard.lanes(),
        replica -> {
          int stateSize = spec.laneStateSize();
          int firstState = shard.firstLane() * stateSize;
          replica.setParameters(start.parameters());
          replica.setLaneState(
              Arrays.copyOfRange(
                  start.laneState(), firstState, firstState + shard.lanes() * stateSize));
          LossSum loss = LossSum.ZERO;
          for (int window = from; window < to; window++) {
            loss = loss.plus(replica.backpropagate(shard.window(window), noiseSeed));
            if (clip == Clip.LOCAL) {
              replica.step(rate, maxGradNorm);
            }
          }
          return new Result(update(replica), replica.laneState(), loss, System.nanoTime() - began);
        });
  }

  private float[] update(Replica replica) {
    return switch (clip) {
      case LOCAL -> replica.parameters();
      case AVERAGED -> replica.gradient();
    };
  }
}
