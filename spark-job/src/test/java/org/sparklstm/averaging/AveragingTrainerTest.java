package org.sparklstm.averaging;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.Random;
import org.apache.spark.api.java.JavaSparkContext;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;
import org.sparklstm.checkpoint.Best;
import org.sparklstm.checkpoint.Checkpoint;
import org.sparklstm.checkpoint.CheckpointFile;
import org.sparklstm.checkpoint.Run;
import org.sparklstm.config.Settings;
import org.sparklstm.config.SettingsLoader;
import org.sparklstm.engine.Device;
import org.sparklstm.engine.EngineChoice;
import org.sparklstm.engine.Engines;
import org.sparklstm.engine.LossSum;
import org.sparklstm.engine.Optimiser;
import org.sparklstm.engine.Precision;
import org.sparklstm.engine.Replica;
import org.sparklstm.error.TrainingException;
import org.sparklstm.testing.LocalSpark;
import org.sparklstm.testing.Replicas;
import org.sparklstm.text.LaneAssignment;
import org.sparklstm.text.LaneReader;
import org.sparklstm.text.LaneShard;
import org.sparklstm.train.Schedule;
import org.sparklstm.train.Trained;
import org.sparklstm.train.TrainingPlan;
import org.sparklstm.train.TrainingState;

/** The gates that parameter averaging must pass against a serial trainer. */
class AveragingTrainerTest {
  private static final int LANES = 5;
  private static final int WINDOW = 4;
  private static final int WINDOWS = 11;
  private static final int WORDS = 9;

  @ParameterizedTest(
      name = "H = {0}, keep = {1}, {2} epochs of warm-up, {3} at the full rate, shift {4}")
  @CsvSource({
    "1, 1, 0, 1, 0",
    "3, 1, 0, 1, 0",
    "11, 1, 0, 1, 2",
    "2147483647, 1, 0, 1, 0",
    "3, 0.5, 0, 1, 3",
    "3, 1, 0.5, 0.6, 0"
  })
  void oneWorkerEqualsTheSerialTrainerToTheByte(
      int period, double keep, double warmUp, double fullRate, int shift) {
    Settings settings =
        settings(
            1,
            "averaging.period=" + period,
            "averaging.outer-momentum=0.5",
            "model.keep-probability=" + keep,
            "train.window-shift=" + shift,
            "train.warm-up-epochs=" + warmUp,
            "train.full-rate-epochs=" + fullRate,
            "train.decay-epochs=0.2");
    Checkpoint start = start(settings);

    TrainingState end = train(start, 1);

    Serial serial = new Serial(start);
    assertThat(end.parameters())
        .isEqualTo(serial.parameters)
        .isNotEqualTo(start.state().parameters());
    assertThat(end.laneState()).isEqualTo(serial.laneState);
    // Summed by rounds, so in another order:
    assertThat(end.loss().nats()).isCloseTo(serial.loss.nats(), within(1e-9));
    assertThat(end.loss().tokens()).isEqualTo(serial.loss.tokens());
  }

  @ParameterizedTest(name = "K = {0}")
  @ValueSource(ints = {2, 3, 4, 5})
  void severalWorkersWithAnAveragedGradientEqualTheSerialTrainer(int workers) {
    Settings settings =
        settings(
            workers,
            "averaging.period=1",
            "averaging.clip=averaged",
            "train.max-grad-norm=0.5",
            "train.window-shift=2",
            "model.keep-probability=0.5");
    Checkpoint start = start(settings);

    TrainingState end = train(start, workers);

    Serial serial = new Serial(start);
    assertThat(end.parameters()).containsExactly(serial.parameters, within(2e-6f));
    assertThat(end.laneState()).containsExactly(serial.laneState, within(2e-6f));
    assertThat(end.loss().nats()).isCloseTo(serial.loss.nats(), within(1e-3));
    assertThat(end.loss().tokens()).isEqualTo(serial.loss.tokens());
  }

  @Test
  void severalWorkersWithoutClippingEqualTheSerialTrainerAtPeriodOne() {
    Settings settings = settings(2, "averaging.period=1", "train.max-grad-norm=1e9");
    Checkpoint start = start(settings);

    TrainingState end = train(start, 2);

    assertThat(end.parameters()).containsExactly(new Serial(start).parameters, within(2e-6f));
  }

  @Test
  void theSameRunGivesTheSameBytesTwice() {
    Checkpoint start = start(settings(3, "averaging.period=2", "model.keep-probability=0.5"));

    assertThat(train(start, 3).parameters()).isEqualTo(train(start, 3).parameters());
  }

  @Test
  void workersThatTrainInBfloat16GiveTheSameBytesTwice() {
    Optional<String> why =
        Engines.whyUnavailable(
            new EngineChoice("onednn", 1, Precision.BFLOAT16, Device.AUTO), EngineChoice.NO_GPU, 0);
    assumeTrue(why.isEmpty(), () -> why.orElseThrow());
    Checkpoint start = start(settings(3, "averaging.period=2", "engine.precision=bfloat16"));
    Checkpoint plain = start(settings(3, "averaging.period=2"));

    float[] rounded = train(start, 3).parameters();

    assertThat(train(start, 3).parameters()).isEqualTo(rounded);
    float[] expected = train(plain, 3).parameters();
    assertThat(rounded).isNotEqualTo(expected).containsExactly(expected, within(0.05f));
  }

  @ParameterizedTest(name = "K = {0}, {1}, {2}, {3}")
  @CsvSource({
    "1, local, none, nesterov",
    "2, local, none, average",
    "3, local, none, average",
    "5, local, none, nesterov",
    "5, averaged, none, nesterov",
    "5, averaged, none, average",
    "3, local, bfloat16, average",
    "3, local, bfloat16, nesterov",
    "5, averaged, bfloat16, nesterov"
  })
  void howWorkersComeTogetherDoesNotChangeTheBytes(
      int workers, String clip, String compression, String outer) {
    List<TrainingState> ends = new ArrayList<>();
    for (String combine : List.of("driver", "tree", "sharded", "auto")) {
      Checkpoint start =
          start(
              settings(
                  workers,
                  "averaging.period=" + (clip.equals("local") ? 3 : 1),
                  "averaging.clip=" + clip,
                  "averaging.combine=" + combine,
                  "averaging.compression=" + compression,
                  "averaging.outer=" + outer,
                  "averaging.outer-momentum=0.5",
                  "model.keep-probability=0.5"));
      ends.add(train(start, workers));
    }

    for (TrainingState end : ends) {
      assertThat(end.parameters()).isEqualTo(ends.get(0).parameters());
      assertThat(end.laneState()).isEqualTo(ends.get(0).laneState());
      assertThat(end.momenta()).isEqualTo(ends.get(0).momenta());
      assertThat(end.loss()).isEqualTo(ends.get(0).loss());
    }
  }

  @Test
  void theOuterStepFollowsTheMeanOfWhatWorkersReach() {
    double momentum = 0.6;
    double rate = 0.9;
    Checkpoint start =
        start(
            settings(
                2,
                "averaging.period=4",
                "averaging.outer-momentum=" + momentum,
                "averaging.outer-rate=" + rate));

    TrainingState end = train(start, 2);

    float[] at = start.state().parameters();
    double[] momenta = new double[at.length];
    LaneAssignment split = new LaneAssignment(LANES, 2);
    float[][] laneStates = new float[2][];
    for (int from = 0; from < WINDOWS; from += 4) {
      double[] mean = new double[at.length];
      for (int worker = 0; worker < 2; worker++) {
        LaneShard shard = lanes(split.firstLane(worker), split.lanesOf(worker));
        Serial serial =
            new Serial(start, shard, at, laneStates[worker], from, Math.min(from + 4, WINDOWS));
        laneStates[worker] = serial.laneState;
        for (int i = 0; i < mean.length; i++) {
          mean[i] += serial.parameters[i] * (double) shard.lanes() / LANES;
        }
      }
      float[] next = new float[at.length];
      for (int i = 0; i < next.length; i++) {
        double change = rate * (mean[i] - at[i]);
        momenta[i] = momentum * momenta[i] + change;
        next[i] = (float) (at[i] + momentum * momenta[i] + change);
      }
      at = next;
    }
    assertThat(end.parameters()).containsExactly(at, within(2e-6f));
    for (int i = 0; i < momenta.length; i++) {
      assertThat((double) end.momenta()[i]).isCloseTo(momenta[i], within(2e-6));
    }
  }

  @Test
  void workersAverageFromTheFirstFallOfTheRateOn() {
    String[] late = {"averaging.period=3", "train.full-rate-epochs=0.4"}; // 2 rounds of 4
    Checkpoint nesterov = start(settings(2, append(late, "averaging.outer-momentum=0.5")));
    List<TrainingState> states = new ArrayList<>();
    AveragingTrainer trainer = trainer(nesterov, 2);
    trainer.epoch(shards(2), WINDOWS, ended -> states.add(ended.state()));

    Checkpoint average = start(settings(2, append(late, "averaging.outer=average")));
    TrainingState second = states.get(1);
    TrainingState continued =
        train(
            new Checkpoint(
                average.run(),
                new TrainingState(
                    0, 2, second.loss(), second.trained(), second.laneState(), new float[0]),
                Best.NONE),
            2);

    assertThat(second.momenta()).isNotEqualTo(new float[second.momenta().length]);
    assertThat(states.get(2).momenta()).isEqualTo(new float[second.momenta().length]);
    assertThat(trainer.state().parameters()).isEqualTo(continued.parameters());
  }

  /** Rounds of 3, 3 and 1 windows before the rate falls, then of 2. */
  @Test
  void aMovingAverageChangesTheModelAndNotTheTraining() {
    String[] rounds = {
      "averaging.period=3", "averaging.late-period=2", "train.full-rate-epochs=0.7"
    };
    Checkpoint plain = start(settings(2, rounds));
    Checkpoint averaged = start(settings(2, append(rounds, "train.moving-average-epochs=0.5")));
    List<TrainingState> states = new ArrayList<>();
    AveragingTrainer trainer = trainer(averaged, 2);
    trainer.epoch(shards(2), WINDOWS, ended -> states.add(ended.state()));
    trainer.nextEpoch(0);
    trainer.round(shards(2), WINDOWS);

    double[] model = new double[averaged.state().parameters().length];
    int before = 0;
    for (TrainingState state : states) {
      int windows = averaged.plan().firstWindow(0, state.round(), WINDOWS);
      double share = (windows - before) / Math.min(windows, 0.5 * WINDOWS);
      for (int i = 0; i < model.length; i++) {
        model[i] += Math.min(1, share) * (state.parameters()[i] - model[i]);
        assertThat((double) state.model()[i]).isCloseTo(model[i], within(1e-6));
      }
      before = windows;
    }
    TrainingState end = states.get(states.size() - 1);
    assertThat(before).isEqualTo(WINDOWS);
    assertThat(end.model()).isNotEqualTo(end.parameters());
    assertThat(end.parameters()).isEqualTo(train(plain, 2).parameters());

    TrainingState middle = states.get(1);
    AveragingTrainer again = trainer(new Checkpoint(averaged.run(), middle, Best.NONE), 2);
    again.epoch(shards(2), WINDOWS, ended -> {});
    again.nextEpoch(0);
    again.round(shards(2), WINDOWS);
    assertThat(again.state().model()).isEqualTo(trainer.state().model());
  }

  private static String[] append(String[] assignments, String last) {
    String[] all = Arrays.copyOf(assignments, assignments.length + 1);
    all[assignments.length] = last;
    return all;
  }

  @ParameterizedTest(name = "K = {0}")
  @ValueSource(ints = {1, 3})
  void compressedChangesAreAtMost256thOfThemselvesOff(int workers) {
    Checkpoint start = start(settings(workers, "averaging.compression=bfloat16"));

    float[] parameters = train(start, workers).parameters();

    LaneAssignment split = new LaneAssignment(LANES, workers);
    double[] exact = new double[parameters.length];
    double[] bound = new double[parameters.length];
    for (int worker = 0; worker < workers; worker++) {
      float[] update =
          new Serial(start, lanes(split.firstLane(worker), split.lanesOf(worker))).parameters;
      double weight = split.lanesOf(worker) / (double) LANES;
      for (int i = 0; i < update.length; i++) {
        float change = update[i] - start.state().parameters()[i];
        exact[i] += weight * update[i];
        bound[i] += weight * Math.abs(change) / 256;
      }
    }
    float[] off = new float[parameters.length];
    for (int i = 0; i < off.length; i++) {
      off[i] = (float) Math.abs(parameters[i] - exact[i]);
      assertThat(off[i]).isLessThanOrEqualTo((float) bound[i] + Math.ulp(1f));
    }
    assertThat(Replica.norm(off)).isPositive();
  }

  @ParameterizedTest(name = "{1} from round {0}")
  @CsvSource({"1, average", "2, average", "3, average", "1, nesterov", "3, nesterov"})
  void anEpochContinuedFromTheMiddleGivesTheSameBytes(int round, String outer) {
    Checkpoint start =
        start(
            settings(
                2,
                "averaging.period=3",
                "averaging.outer=" + outer,
                "averaging.outer-momentum=0.5"));
    List<TrainingState> states = new ArrayList<>();
    AveragingTrainer trainer = trainer(start, 2);
    trainer.epoch(shards(2), WINDOWS, ended -> states.add(ended.state()));
    TrainingState end = trainer.state();

    Checkpoint written = new Checkpoint(start.run(), states.get(round - 1), Best.NONE);
    TrainingState continued = train(readBack(written), 2);

    assertThat(states).hasSize(4);
    assertThat(continued.parameters()).isEqualTo(end.parameters());
    assertThat(continued.loss()).isEqualTo(end.loss());
  }

  @ParameterizedTest(name = "K = {0}")
  @ValueSource(ints = {1, 2, 5})
  void evaluationOnAnyNumberOfWorkersEqualsTheSerialOne(int workers) {
    Checkpoint start = start(settings(workers));
    LossSum serial = LossSum.ZERO;
    try (Replica replica = Replicas.of(start.run().plan().shape(), LANES)) {
      replica.setParameters(start.state().parameters());
      for (int window = 0; window < WINDOWS; window++) {
        serial = serial.plus(replica.evaluate(lanes(0, LANES).window(window)));
      }
    }

    TrainingPlan plan = start.run().plan();
    LossSum loss =
        new Evaluator(context(), plan.engine(), plan.shape())
            .evaluate(start.state().parameters(), shards(workers), "test");

    assertThat(loss.tokens()).isEqualTo(serial.tokens());
    assertThat(loss.nats()).isCloseTo(serial.nats(), within(1e-4));
  }

  @Test
  void aLossThatIsNotFiniteStopsTrainingNamingEpochRoundAndWorker() {
    Checkpoint start = start(settings(2, "averaging.period=3"));
    float[] broken = start.state().parameters().clone();
    Arrays.fill(broken, Float.NaN);
    TrainingState first = start.state();
    Trained trained = new Trained(broken, first.trained().optimiserState());
    TrainingState state =
        new TrainingState(0, 1, LossSum.ZERO, trained, first.laneState(), first.momenta());

    assertThatThrownBy(() -> train(new Checkpoint(start.run(), state, Best.NONE), 2))
        .isInstanceOf(TrainingException.class)
        .hasMessageStartingWith("The loss of worker 0 is infinite or NaN in epoch 1 round 2");
  }

  @Test
  void parametersThatAreNotFiniteStopTrainingInTheRoundThatMadeThem() {
    Checkpoint start = start(settings(2, "train.learning-rate=1e38", "train.max-grad-norm=1e30"));

    assertThatThrownBy(() -> train(start, 2))
        .isInstanceOf(TrainingException.class)
        .hasMessageMatching(
            "(A parameter|The loss|The gradient norm) .* epoch 1 round 1: lower train.*");
  }

  @Test
  void theChosenPeriodIsAPowerOfTwoAndSlowRoundsHaveAHigherOne() {
    Checkpoint start = start(settings(2, "averaging.period=" + PeriodProbe.windows(WINDOWS)));

    int period =
        PeriodProbe.choose(
            context(),
            new LaneAssignment(LANES, 2),
            start.run().plan(),
            start.state(),
            shards(2),
            WINDOWS);

    assertThat(period).isBetween(1, WINDOWS);
    assertThat(PeriodProbe.period(100, 10, 1 << 20)).isEqualTo(256); // 19 · 100 / 10 = 190
    assertThat(PeriodProbe.period(100, 10, 200)).isEqualTo(200);
    assertThat(PeriodProbe.period(1, 100, 200)).isEqualTo(1);
    assertThat(PeriodProbe.period(1, 0, 200)).isEqualTo(200);
  }

  /** Heavy-ball momentum: state ← 0.5 · state + g, parameters −= rate · state. */
  private record Momentum() implements Optimiser {
    @Override
    public int stateSize(int parameterCount) {
      return parameterCount;
    }

    @Override
    public double step(float[] parameters, float[] gradient, float[] state, double rate) {
      for (int i = 0; i < parameters.length; i++) {
        state[i] = 0.5f * state[i] + gradient[i];
        parameters[i] -= (float) (rate * state[i]);
      }
      return Replica.norm(gradient);
    }
  }

  @ParameterizedTest
  @CsvSource({"none, 1e-7", "bfloat16, 1"})
  void anOptimisersStateIsCarriedFromRoundToRound(String compression, float tolerance) {
    Checkpoint start =
        start(settings(1, "averaging.period=3", "averaging.compression=" + compression));
    TrainingPlan sgd = start.run().plan();
    Optimiser momentum = new Momentum();
    TrainingPlan plan =
        new TrainingPlan(
            sgd.shape(),
            Schedule.byEpochs(1, 1, 0.1, 1),
            momentum,
            sgd.regularisation(),
            sgd.windowShift(),
            sgd.averaging(),
            sgd.movingAverage(),
            sgd.engine(),
            sgd.seed());
    float[] initial = start.state().parameters();
    AveragingTrainer trainer =
        new AveragingTrainer(
            context(),
            new LaneAssignment(LANES, 1),
            plan,
            TrainingState.initial(plan, initial, LANES));
    trainer.epoch(shards(1), WINDOWS, round -> {});

    try (Replica replica = Replicas.of(plan.shape(), LANES)) {
      replica.setParameters(initial);
      replica.setOptimiserState(new float[initial.length]);
      for (int window = 0; window < WINDOWS; window++) {
        replica.backpropagate(lanes(0, LANES).window(window), plan.regularisation(), 0);
        replica.step(momentum, 0.1);
      }
      Trained end = trainer.state().trained();
      assertThat(end.parameters()).containsExactly(replica.parameters(), within(tolerance));
      assertThat(end.optimiserState())
          .containsExactly(replica.optimiserState(), within(tolerance))
          .isNotEqualTo(new float[initial.length]);
    }
  }

  /** Ten lines of serial training to compare with. */
  private static final class Serial {
    private final float[] parameters;
    private final float[] laneState;
    private LossSum loss = LossSum.ZERO;

    Serial(Checkpoint start) {
      this(start, lanes(0, LANES));
    }

    Serial(Checkpoint start, LaneShard shard) {
      this(start, shard, start.state().parameters(), null, 0, WINDOWS);
    }

    Serial(Checkpoint start, LaneShard shard, float[] begin, float[] state, int from, int to) {
      TrainingPlan plan = start.run().plan();
      LaneReader text = new LaneReader(List.of(shard).iterator()).with(plan.windowShift(0));
      try (Replica replica = Replicas.of(plan.shape(), shard.lanes())) {
        replica.setParameters(begin);
        if (state != null) {
          replica.setLaneState(state);
        }
        for (int window = from; window < to; window++) {
          loss =
              loss.plus(
                  replica.backpropagate(
                      text.window(window), plan.regularisation(), plan.noiseSeed(0)));
          replica.step(plan.optimiser(), plan.schedule().rate(0, window, WINDOWS));
        }
        parameters = replica.parameters();
        laneState = replica.laneState();
      }
    }
  }

  private static TrainingState train(Checkpoint start, int workers) {
    AveragingTrainer trainer = trainer(start, workers);
    trainer.epoch(shards(workers), WINDOWS, round -> {});
    return trainer.state();
  }

  private static Checkpoint readBack(Checkpoint checkpoint) {
    try {
      ByteArrayOutputStream out = new ByteArrayOutputStream();
      CheckpointFile.write(checkpoint, out);
      return CheckpointFile.read(new ByteArrayInputStream(out.toByteArray()), out.size());
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private static AveragingTrainer trainer(Checkpoint start, int workers) {
    return new AveragingTrainer(
        context(), new LaneAssignment(LANES, workers), start.run().plan(), start.state());
  }

  private static JavaSparkContext context() {
    return JavaSparkContext.fromSparkContext(LocalSpark.session().sparkContext());
  }

  /** In stretches of eight windows, so that rounds begin and end within some. */
  private static ShardedLanes shards(int workers) {
    return ShardedLanesTest.of(lanes(0, LANES), workers, 2 * WINDOW * LANES, Long.MAX_VALUE);
  }

  private static LaneShard lanes(int first, int count) {
    int[][] tokens = new int[count][];
    for (int lane = 0; lane < count; lane++) {
      tokens[lane] = new Random(first + lane).ints(WINDOWS * WINDOW + 1, 0, WORDS).toArray();
    }
    return new LaneShard(first, WINDOW, tokens);
  }

  private static Settings settings(int workers, String... assignments) {
    List<String> all = new ArrayList<>(List.of(assignments));
    all.add(0, "data.lanes=" + LANES);
    all.add(0, "data.window=" + WINDOW);
    all.add(0, "model.hidden-size=6");
    all.add(0, "model.init-scale=0.5");
    all.add(0, "engine.name=onednn");
    return SettingsLoader.load("small", null, all).with("cluster.workers", workers);
  }

  private static Checkpoint start(Settings settings) {
    return new Run(settings, WORDS, "abc").begin();
  }
}
