package org.sparklstm.spark;

import java.io.Serializable;
import java.util.Arrays;
import org.sparklstm.config.Settings.Clip;
import org.sparklstm.config.Settings.Compression;
import org.sparklstm.engine.Engine;
import org.sparklstm.engine.LossSum;
import org.sparklstm.engine.Replica;
import org.sparklstm.model.LstmSpec;
import org.sparklstm.text.LaneShard;
import org.sparklstm.train.Averaging;
import org.sparklstm.train.Floats;

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
    Compression compression,
    long noiseSeed)
    implements Serializable {

  /**
   * What all workers start from.
   *
   * @param parameters flat
   * @param laneState [B, L, 2, H] of all lanes
   */
  record Start(Floats parameters, Floats laneState) implements Serializable {}

  /**
   * What a worker ends with.
   *
   * @param update its parameters, or if compressed their change; with {@link Clip#AVERAGED} the
   *     gradient of the round's only window
   */
  record Result(End end, Floats update) implements Serializable {}

  /**
   * Where a worker is at the end.
   *
   * @param firstLane of the worker
   * @param laneState [lanes of the worker, L, 2, H]
   * @param gradientNorm largest ‖g‖ before clipping; the round ends early at one that is not finite
   * @param nanos time that the windows took, without taking and giving parameters
   */
  record End(int firstLane, Floats laneState, LossSum loss, double gradientNorm, long nanos)
      implements Serializable {}

  Result run(LaneShard shard, Start start) {
    return ReplicaPool.with(engine, spec, shard.lanes(), replica -> run(shard, start, replica));
  }

  private Result run(LaneShard shard, Start start, Replica replica) {
    int stateSize = spec.laneStateSize();
    int firstState = shard.firstLane() * stateSize;
    replica.setParameters(start.parameters().values());
    replica.setLaneState(
        Arrays.copyOfRange(
            start.laneState().values(), firstState, firstState + shard.lanes() * stateSize));
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
    float[] reached = clip == Clip.LOCAL ? replica.parameters() : replica.gradient();
    End end =
        new End(
            shard.firstLane(),
            new Floats(replica.laneState()),
            loss,
            clip == Clip.LOCAL ? norm : Replica.norm(reached),
            nanos);
    return new Result(
        end,
        switch (compression) {
          case NONE -> new Floats(reached);
          case BFLOAT16 ->
              Floats.bfloat16(
                  clip == Clip.LOCAL
                      ? Averaging.plus(reached, -1, start.parameters().values())
                      : reached);
        });
  }
}
