package org.sparklstm.averaging;

import org.apache.spark.api.java.JavaSparkContext;
import org.apache.spark.broadcast.Broadcast;
import org.sparklstm.engine.EngineChoice;
import org.sparklstm.engine.LossSum;
import org.sparklstm.engine.Replica;
import org.sparklstm.model.LstmShape;
import org.sparklstm.text.LaneReader;
import org.sparklstm.train.Floats;

/** Evaluates parameters on Spark: forward only, without noise. */
public final class Evaluator {
  private final JavaSparkContext spark;
  private final EngineChoice engine;
  private final LstmShape shape;

  public Evaluator(JavaSparkContext spark, EngineChoice engine, LstmShape shape) {
    this.spark = spark;
    this.engine = engine;
    this.shape = shape;
  }

  /**
   * Σ −ln p over all windows of {@code shards}, from a zero state.
   *
   * @param description of the Spark job
   */
  public LossSum evaluate(float[] parameters, ShardedLanes shards, String description) {
    EngineChoice taskEngine = engine; // not this object, which a task cannot have
    LstmShape taskShape = shape;
    int windows = shards.windows();
    try (Sent<Floats> sent = Sent.of(spark, new Floats(parameters))) {
      spark.sc().setJobDescription(description);
      Broadcast<Floats> broadcast = sent.broadcast();
      return shards
          .readers()
          .map(shard -> evaluate(taskEngine, taskShape, shard, windows, broadcast.value().values()))
          .collect()
          .stream()
          .reduce(LossSum.ZERO, LossSum::plus);
    } finally {
      spark.sc().setJobDescription(null);
    }
  }

  private static LossSum evaluate(
      EngineChoice engine, LstmShape shape, LaneReader shard, int windows, float[] parameters) {
    return ReplicaPool.with(
        engine,
        shape,
        shard.lanes(),
        replica -> evaluate(replica, shape, shard, windows, parameters));
  }

  private static LossSum evaluate(
      Replica replica, LstmShape shape, LaneReader shard, int windows, float[] parameters) {
    replica.setParameters(parameters);
    replica.setLaneState(new float[shard.lanes() * shape.laneStateSize()]);
    LossSum loss = LossSum.ZERO;
    for (int window = 0; window < windows; window++) {
      loss = loss.plus(replica.evaluate(shard.window(window)));
    }
    return loss;
  }
}
