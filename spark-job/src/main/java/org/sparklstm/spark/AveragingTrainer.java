package org.sparklstm.spark;

import java.util.List;
import java.util.function.Consumer;
import org.apache.spark.api.java.JavaRDD;
import org.apache.spark.api.java.JavaSparkContext;
import org.apache.spark.broadcast.Broadcast;
import org.apache.spark.network.util.JavaUtils;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.sparklstm.config.Settings;
import org.sparklstm.config.Settings.Clip;
import org.sparklstm.config.Settings.Combine;
import org.sparklstm.engine.DropoutNoise;
import org.sparklstm.engine.Engine;
import org.sparklstm.engine.LossSum;
import org.sparklstm.model.LstmSpec;
import org.sparklstm.text.LaneShard;
import org.sparklstm.train.Averaging;
import org.sparklstm.train.Checkpoint;
import org.sparklstm.train.Floats;
import org.sparklstm.train.LaneSplit;
import org.sparklstm.train.Report;

/**
 * Trains by parameter averaging in rounds (McDonald, Hall and Mann 2010, with lanes of one batch as
 * the parts): broadcast parameters and lane state, let each worker run a few windows of local SGD
 * on its lanes, average in worker order weighted by lanes, go on.
 */
final class AveragingTrainer {
  private static final Logger LOG = LoggerFactory.getLogger(AveragingTrainer.class);
  private static final int PROBES = 4;
  private static final int PROBE_WINDOWS = 8;
  private static final double MAX_OVERHEAD = 0.05;

  private final JavaSparkContext spark;
  private final LaneSplit split;
  private final Settings settings;
  private Checkpoint state; // null while executors have it: the driver need not hold it twice

  /**
   * Milliseconds: of the broadcast on the driver, the slowest worker's windows, the driver's part
   * of the average once the last result is there, and the whole round.
   */
  record Timing(long broadcast, long compute, long combine, long total) {}

  /**
   * A round that has ended.
   *
   * @param gradientNorm the largest ‖g‖ of all workers and windows, before clipping
   */
  record RoundEnd(Checkpoint state, LossSum loss, double gradientNorm, Timing timing) {}

  /** A trainer that goes on from {@code start}, which it lets go of. */
  AveragingTrainer(JavaSparkContext spark, LaneSplit split, Checkpoint start) {
    this.spark = spark;
    this.split = split;
    this.settings = start.settings();
    this.state = start;
  }

  /** Where training is. */
  Checkpoint state() {
    return state;
  }

  private int period() {
    return settings.averaging().period().orElseThrow();
  }

  /**
   * The least power of two of windows, at most an epoch's, that keeps what a round costs besides
   * computing under 5 % of it, measured on rounds whose results are dropped.
   */
  static int choosePeriod(
      JavaSparkContext spark,
      LaneSplit split,
      Checkpoint start,
      JavaRDD<LaneShard> shards,
      int windows) {
    int probed = Math.min(PROBE_WINDOWS, windows);
    Checkpoint probing = start.under(start.settings().with("averaging.period", probed));
    double compute = 0;
    double overhead = 0;
    for (int probe = 0; probe < PROBES; probe++) {
      Timing timing = new AveragingTrainer(spark, split, probing).round(shards, windows).timing();
      if (probe > 0) { // the first warms up
        compute += timing.compute() / (double) probed;
        overhead += timing.total() - timing.compute();
      }
    }
    int period = period(overhead, compute, windows);
    LOG.info(
        "averaging.period = {}: a round costs {} ms, each of its windows {} ms",
        period,
        Math.round(overhead / (PROBES - 1)),
        Math.round(compute / (PROBES - 1)));
    return period;
  }

  /**
   * A power of two, or all windows.
   *
   * @param overhead of a round, in the unit of {@code compute}
   * @param compute of a window
   */
  static int period(double overhead, double compute, int windows) {
    double least = Math.ceil(overhead / compute * (1 / MAX_OVERHEAD - 1));
    return least < windows
        ? (int) Math.min(windows, Long.highestOneBit(Math.max(1, 2 * (long) least - 1)))
        : windows;
  }

  /** Rounds of an epoch of {@code windows} windows. */
  int rounds(int windows) {
    int period = period();
    return (windows - 1) / period + 1;
  }

  /**
   * Runs what is left of the epoch; at the end all its rounds are done.
   *
   * @param shards one partition a worker
   * @param windows windows of an epoch
   * @param listener is told of each round
   * @throws TrainingException if the loss or the parameters are no longer finite
   */
  void epoch(JavaRDD<LaneShard> shards, int windows, Consumer<RoundEnd> listener) {
    while (state.round() < rounds(windows)) {
      listener.accept(round(shards, windows));
    }
  }

  /** Goes to the beginning of the next epoch. */
  void nextEpoch() {
    state = state.nextEpoch();
  }

  private RoundEnd round(JavaRDD<LaneShard> shards, int windows) {
    int period = period();
    Settings.Train train = settings.train();
    LstmSpec spec = state.spec();
    Round round =
        new Round(
            settings.engine(),
            spec,
            state.round() * period,
            (int) Math.min((state.round() + 1L) * period, windows),
            Report.rate(train, state.epoch()),
            train.maxGradNorm(),
            settings.averaging().clip(),
            settings.averaging().compression(),
            DropoutNoise.epochSeed(train.seed(), state.epoch()));
    spark
        .sc()
        .setJobDescription(
            "epoch %s round %s of %s"
                .formatted(state.epoch() + 1, state.round() + 1, rounds(windows)));

    long began = System.nanoTime();
    Broadcast<Round.Start> start =
        spark.broadcast(
            new Round.Start(new Floats(state.parameters()), new Floats(state.laneState())));
    float[] kept = settings.averaging().sendsChanges() ? state.parameters() : new float[0];
    Checkpoint before = state.after(state.round(), state.loss(), kept, state.laneState());
    state = null;
    long sent = System.nanoTime();
    Combiner.Combined combined;
    try {
      combined =
          new Combiner(split, spec.parameterCount(), combine(spec))
              .combine(shards.map(shard -> round.run(shard, start.value())));
    } finally {
      start.destroy();
    }
    state = next(before, combined, round.rate());
    long ended = System.nanoTime();
    List<Round.End> ends = combined.ends();
    return new RoundEnd(
        state,
        ends.stream().map(Round.End::loss).reduce(LossSum.ZERO, LossSum::plus),
        ends.stream().mapToDouble(Round.End::gradientNorm).max().orElse(0),
        new Timing(
            millis(sent - began),
            millis(ends.stream().mapToLong(Round.End::nanos).max().orElse(0)),
            millis(combined.nanos()),
            millis(ended - began)));
  }

  private Combine combine(LstmSpec spec) {
    return Combiner.decide(
        settings.averaging().combine(),
        split.workers(),
        (long) spec.parameterCount() * Float.BYTES,
        Runtime.getRuntime().maxMemory(),
        JavaUtils.byteStringAsBytes(spark.getConf().get("spark.driver.maxResultSize", "1g")));
  }

  /**
   * The state after a round.
   *
   * @param state before it, with parameters if workers send changes
   */
  private Checkpoint next(Checkpoint state, Combiner.Combined combined, double rate) {
    LossSum loss = state.loss();
    float[] laneState = new float[state.laneState().length];
    for (int worker = 0; worker < combined.ends().size(); worker++) {
      Round.End end = combined.ends().get(worker);
      requireFinite("The loss of worker " + worker, Double.isFinite(end.loss().nats()), state);
      requireFinite(
          "The gradient norm of worker " + worker, Double.isFinite(end.gradientNorm()), state);
      loss = loss.plus(end.loss());
      float[] lanes = end.laneState().values();
      System.arraycopy(
          lanes, 0, laneState, end.firstLane() * state.spec().laneStateSize(), lanes.length);
    }
    float[] parameters = parameters(state.parameters(), combined.mean(), rate);
    requireFinite("A parameter", Averaging.finite(parameters), state);
    return state.after(state.round() + 1, loss, parameters, laneState);
  }

  /** Where the mean of {@link Round.Result#update} leads. */
  private float[] parameters(float[] start, float[] mean, double rate) {
    if (!settings.averaging().sendsChanges()) {
      return mean;
    }
    return settings.averaging().clip() == Clip.AVERAGED
        ? Averaging.step(start, mean, rate, settings.train().maxGradNorm())
        : Averaging.plus(start, 1, mean);
  }

  private static void requireFinite(String what, boolean finite, Checkpoint state) {
    if (!finite) {
      throw new TrainingException(
          "%s is infinite or NaN in epoch %s round %s: lower train.learning-rate or train.max-grad-norm"
              .formatted(what, state.epoch() + 1, state.round() + 1));
    }
  }

  /** Σ −ln p over all windows of {@code shards}, forward only, from a zero state. */
  LossSum evaluate(JavaRDD<LaneShard> shards, String description) {
    LstmSpec spec = state.spec();
    spark.sc().setJobDescription(description);
    Broadcast<Floats> parameters = spark.broadcast(new Floats(state.parameters()));
    try {
      Engine engine = settings.engine();
      return shards
          .map(shard -> evaluate(engine, spec, shard, parameters.value().values()))
          .collect()
          .stream()
          .reduce(LossSum.ZERO, LossSum::plus);
    } finally {
      parameters.destroy();
    }
  }

  private static LossSum evaluate(
      Engine engine, LstmSpec spec, LaneShard shard, float[] parameters) {
    return ReplicaPool.with(
        engine,
        spec,
        shard.lanes(),
        replica -> {
          replica.setParameters(parameters);
          replica.setLaneState(new float[shard.lanes() * spec.laneStateSize()]);
          LossSum loss = LossSum.ZERO;
          for (int window = 0; window < shard.windows(); window++) {
            loss = loss.plus(replica.evaluate(shard.window(window)));
          }
          return loss;
        });
  }

  private static long millis(long nanos) {
    return nanos / 1_000_000;
  }
}
