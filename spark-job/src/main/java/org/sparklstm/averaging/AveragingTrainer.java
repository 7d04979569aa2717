package org.sparklstm.averaging;

import java.util.List;
import java.util.function.Consumer;
import org.apache.spark.api.java.JavaRDD;
import org.apache.spark.api.java.JavaSparkContext;
import org.apache.spark.broadcast.Broadcast;
import org.apache.spark.network.util.JavaUtils;
import org.sparklstm.averaging.WorkerTask.WorkerEnd;
import org.sparklstm.engine.LossSum;
import org.sparklstm.error.TrainingException;
import org.sparklstm.text.LaneAssignment;
import org.sparklstm.text.LaneShard;
import org.sparklstm.train.AveragingPlan;
import org.sparklstm.train.Combine;
import org.sparklstm.train.Floats;
import org.sparklstm.train.RoundSummary;
import org.sparklstm.train.RoundSummary.Timing;
import org.sparklstm.train.Trained;
import org.sparklstm.train.TrainingPlan;
import org.sparklstm.train.TrainingState;
import org.sparklstm.train.WeightedMean;

/**
 * Trains by parameter averaging in rounds (McDonald, Hall and Mann 2010, with lanes of one batch as
 * the parts). A round broadcasts the parameters and the lane state, has each worker train on a few
 * windows of its lanes, and averages what they send in worker order, weighted by lanes.
 */
public final class AveragingTrainer {
  private final JavaSparkContext spark;
  private final LaneAssignment lanes;
  private final TrainingPlan plan;
  private TrainingState state;

  /** A trainer that continues from {@code start} and keeps no reference to it. */
  public AveragingTrainer(
      JavaSparkContext spark, LaneAssignment lanes, TrainingPlan plan, TrainingState start) {
    this.spark = spark;
    this.lanes = lanes;
    this.plan = plan;
    this.state = start;
  }

  /** Where training is. */
  public TrainingState state() {
    return state;
  }

  /** What it trains by. */
  public TrainingPlan plan() {
    return plan;
  }

  /** Whether a round is left of an epoch of {@code windows} windows. */
  public boolean hasRound(int windows) {
    return state.round() < plan.averaging().rounds(windows);
  }

  /**
   * Runs what is left of the epoch.
   *
   * @param shards one partition a worker
   * @param windows windows of an epoch
   * @param listener gets each round when it has ended
   * @throws TrainingException if the loss or the parameters are no longer finite
   */
  public void epoch(JavaRDD<LaneShard> shards, int windows, Consumer<RoundSummary> listener) {
    while (hasRound(windows)) {
      listener.accept(round(shards, windows));
    }
  }

  /** Moves to the beginning of the next epoch. */
  public void nextEpoch() {
    state = state.nextEpoch();
  }

  /**
   * Runs the next round of the epoch.
   *
   * @param shards one partition a worker
   * @param windows windows of an epoch
   * @throws TrainingException if the loss or the parameters are no longer finite
   */
  public RoundSummary round(JavaRDD<LaneShard> shards, int windows) {
    WorkerTask task = task(windows);
    String description =
        "epoch %s round %s of %s"
            .formatted(state.epoch() + 1, state.round() + 1, plan.averaging().rounds(windows));

    long began = System.nanoTime();
    Broadcast<WorkerTask.Input> input =
        spark.broadcast(
            new WorkerTask.Input(
                new Floats(state.trained().joined()), new Floats(state.laneState())));
    long sent = System.nanoTime();
    spark.sc().setJobDescription(description);
    Combiner.Combined combined;
    try {
      combined = combiner().combine(shards.map(shard -> task.run(shard, input.value())));
    } finally {
      spark.sc().setJobDescription(null);
      input.destroy();
    }
    List<WorkerEnd> ends = combined.ends();
    state = next(combined, task.rate());
    long ended = System.nanoTime();
    return new RoundSummary(
        state,
        ends.stream().map(WorkerEnd::loss).reduce(LossSum.ZERO, LossSum::plus),
        ends.stream().mapToDouble(WorkerEnd::gradientNorm).max().orElse(0),
        new Timing(
            millis(sent - began),
            millis(ends.stream().mapToLong(WorkerEnd::nanos).max().orElse(0)),
            millis(combined.nanos()),
            millis(ended - began)));
  }

  private WorkerTask task(int windows) {
    AveragingPlan averaging = plan.averaging();
    return new WorkerTask(
        plan,
        averaging.firstWindow(state.round(), windows),
        averaging.firstWindow(state.round() + 1, windows),
        plan.schedule().rate(state.epoch()),
        plan.noiseSeed(state.epoch()));
  }

  private Combiner combiner() {
    Combine combine =
        Combiner.decide(
            plan.averaging().combine(),
            lanes.workers(),
            (long) plan.updateSize() * Float.BYTES,
            Runtime.getRuntime().maxMemory(),
            JavaUtils.byteStringAsBytes(spark.getConf().get("spark.driver.maxResultSize", "1g")));
    return new Combiner(lanes, plan.updateSize(), combine);
  }

  /** The state after the round that {@code combined} comes from. */
  private TrainingState next(Combiner.Combined combined, double rate) {
    LossSum loss = state.loss();
    float[] laneState = new float[state.laneState().length];
    for (int worker = 0; worker < combined.ends().size(); worker++) {
      WorkerEnd end = combined.ends().get(worker);
      requireFinite("The loss of worker " + worker, Double.isFinite(end.loss().nats()));
      requireFinite("The gradient norm of worker " + worker, Double.isFinite(end.gradientNorm()));
      loss = loss.plus(end.loss());
      float[] carried = end.laneState().values();
      int first = end.firstLane() * plan.shape().laneStateSize();
      System.arraycopy(carried, 0, laneState, first, carried.length);
    }
    Trained trained =
        plan.averaging().update().apply(state.trained(), combined.mean(), plan.optimiser(), rate);
    requireFinite("A parameter", WeightedMean.finite(trained.parameters()));
    return state.afterRound(loss, trained, laneState);
  }

  private void requireFinite(String what, boolean finite) {
    if (!finite) {
      throw new TrainingException(
          "%s is infinite or NaN in epoch %s round %s: lower train.learning-rate or train.max-grad-norm"
              .formatted(what, state.epoch() + 1, state.round() + 1));
    }
  }

  private static long millis(long nanos) {
    return nanos / 1_000_000;
  }
}
