package org.sparklstm.averaging;

import java.util.List;
import java.util.function.Consumer;
import org.apache.spark.api.java.JavaSparkContext;
import org.apache.spark.broadcast.Broadcast;
import org.apache.spark.network.util.JavaUtils;
import org.sparklstm.averaging.WorkerTask.WorkerEnd;
import org.sparklstm.engine.LossSum;
import org.sparklstm.error.TrainingException;
import org.sparklstm.text.LaneAssignment;
import org.sparklstm.train.Combine;
import org.sparklstm.train.Floats;
import org.sparklstm.train.RoundSummary;
import org.sparklstm.train.RoundSummary.Timing;
import org.sparklstm.train.TrainingPlan;
import org.sparklstm.train.TrainingPlan.Destination;
import org.sparklstm.train.TrainingPlan.Reached;
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
  private TrainingPlan plan; // of the epoch
  private Held held;

  /** What the trainer holds. */
  private sealed interface Held permits Between, InRound {}

  /** Between two rounds: all of the state. */
  private record Between(TrainingState state) implements Held {}

  /**
   * In a round, while the workers have the parameters in the broadcast: the rest of the state.
   *
   * @param destination keeps what it must of the parameters
   * @param model what the moving average keeps
   */
  @SuppressWarnings("ArrayRecordComponent") // large, never compared
  private record InRound(
      WorkerTask task,
      Sent<WorkerTask.Input> input,
      Destination destination,
      int epoch,
      int round,
      LossSum loss,
      float[] model)
      implements Held {}

  /** A trainer that continues from {@code start}, which it keeps only until its first round. */
  public AveragingTrainer(
      JavaSparkContext spark, LaneAssignment lanes, TrainingPlan plan, TrainingState start) {
    this.spark = spark;
    this.lanes = lanes;
    this.plan = plan;
    this.held = new Between(start);
  }

  /**
   * Where training is.
   *
   * @throws IllegalStateException in a round, and after one that has failed
   */
  public TrainingState state() {
    if (held instanceof Between between) {
      return between.state();
    }
    throw new IllegalStateException("The state of a round is known when it has ended");
  }

  /** What it trains by, in this epoch. */
  public TrainingPlan plan() {
    return plan;
  }

  /** Whether a round is left of an epoch of {@code windows} windows. */
  public boolean hasRound(int windows) {
    return state().round() < plan.rounds(state().epoch(), windows);
  }

  /**
   * Runs what is left of the epoch.
   *
   * @param shards the training text
   * @param windows windows of an epoch
   * @param listener gets each round when it has ended
   * @throws TrainingException if the loss or the parameters are no longer finite
   */
  public void epoch(ShardedLanes shards, int windows, Consumer<RoundSummary> listener) {
    while (hasRound(windows)) {
      listener.accept(round(shards, windows));
    }
  }

  /**
   * Moves to the beginning of the next epoch.
   *
   * @param plateaus steps of the learning rate that validation has led to
   */
  public void nextEpoch(int plateaus) {
    held = new Between(state().nextEpoch());
    plan = plan.after(plateaus);
  }

  /**
   * Runs the next round of the epoch.
   *
   * @param shards the training text
   * @param windows windows of an epoch
   * @throws TrainingException if the loss or the parameters are no longer finite
   */
  public RoundSummary round(ShardedLanes shards, int windows) {
    long began = System.nanoTime();
    InRound round = begin(windows); // no local variable holds the state while tasks run
    held = round;
    long sent = System.nanoTime();
    Combiner.Combined combined;
    try (Sent<WorkerTask.Input> input = round.input()) {
      combined = combined(round, input.broadcast(), shards, windows);
    }
    TrainingState state = end(round, combined);
    held = new Between(state);
    long ended = System.nanoTime();
    List<WorkerEnd> ends = combined.ends();
    return new RoundSummary(
        state,
        ends.stream().map(WorkerEnd::loss).reduce(LossSum.ZERO, LossSum::plus),
        plan.schedule().rate(round.epoch(), round.task().from(), windows),
        ends.stream().mapToDouble(WorkerEnd::gradientNorm).max().orElse(0),
        new Timing(
            millis(sent - began),
            ends.stream().map(end -> millis(end.nanos())).toList(),
            millis(combined.nanos()),
            millis(ended - began)),
        ends.stream().map(WorkerEnd::gpu).filter(gpu -> !gpu.isEmpty()).toList());
  }

  /** Sends the state to the workers. */
  private InRound begin(int windows) {
    TrainingState state = state();
    int from = plan.firstWindow(state.epoch(), state.round(), windows);
    int to = plan.firstWindow(state.epoch(), state.round() + 1, windows);
    WorkerTask task = new WorkerTask(plan, state.epoch(), windows, from, to);
    Floats trained = new Floats(state.trained().joined());
    return new InRound(
        task,
        Sent.of(spark, new WorkerTask.Input(trained, new Floats(state.laneState()))),
        plan.destination(state, from, windows),
        state.epoch(),
        state.round(),
        state.loss(),
        plan.movingAverage().state(state.model()));
  }

  private Combiner.Combined combined(
      InRound round, Broadcast<WorkerTask.Input> input, ShardedLanes shards, int windows) {
    WorkerTask task = round.task();
    spark
        .sc()
        .setJobDescription(
            "epoch %s round %s of %s"
                .formatted(
                    round.epoch() + 1, round.round() + 1, plan.rounds(round.epoch(), windows)));
    try {
      return combiner()
          .combine(
              shards.readers(task.from(), task.to()).map(shard -> task.run(shard, input.value())));
    } finally {
      spark.sc().setJobDescription(null);
    }
  }

  private Combiner combiner() {
    long most =
        JavaUtils.byteStringAsBytes(spark.getConf().get("spark.driver.maxResultSize", "1g"));
    Combine combine =
        Combiner.decide(
            plan.averaging().combine(),
            lanes.workers(),
            (long) plan.updateSize() * Float.BYTES,
            Combiner.room(Runtime.getRuntime().maxMemory(), most),
            spark.isLocal());
    return new Combiner(lanes, plan.updateSize(), combine);
  }

  /** The state after a round. */
  private TrainingState end(InRound round, Combiner.Combined combined) {
    LossSum loss = round.loss();
    int laneStateSize = plan.shape().laneStateSize();
    float[] laneState = new float[lanes.lanes() * laneStateSize];
    for (int worker = 0; worker < combined.ends().size(); worker++) {
      WorkerEnd end = combined.ends().get(worker);
      requireFinite("The loss of worker " + worker, Double.isFinite(end.loss().nats()), round);
      requireFinite(
          "The gradient norm of worker " + worker, Double.isFinite(end.gradientNorm()), round);
      loss = loss.plus(end.loss());
      float[] carried = end.laneState().values();
      System.arraycopy(carried, 0, laneState, end.firstLane() * laneStateSize, carried.length);
    }
    Reached reached = round.destination().from(combined.mean());
    requireFinite("A parameter", WeightedMean.finite(reached.trained().parameters()), round);
    WorkerTask task = round.task();
    float[] model =
        plan.movingAverage()
            .after(
                round.model(),
                reached.trained().parameters(),
                task.to() - task.from(),
                (long) task.epoch() * task.windows() + task.to(),
                task.windows());
    return new TrainingState(
        round.epoch(),
        round.round() + 1,
        loss,
        reached.trained(),
        laneState,
        reached.momenta(),
        model);
  }

  private static void requireFinite(String what, boolean finite, InRound round) {
    if (!finite) {
      throw new TrainingException(
          "%s is infinite or NaN in epoch %s round %s: lower train.learning-rate or train.max-grad-norm"
              .formatted(what, round.epoch() + 1, round.round() + 1));
    }
  }

  private static long millis(long nanos) {
    return nanos / 1_000_000;
  }
}
