package org.sparklstm.bench;

import java.util.Arrays;
import java.util.List;
import java.util.Random;
import java.util.concurrent.TimeUnit;
import org.openjdk.jmh.annotations.AuxCounters;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Fork;
import org.openjdk.jmh.annotations.Level;
import org.openjdk.jmh.annotations.Measurement;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Param;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.TearDown;
import org.openjdk.jmh.annotations.Warmup;
import org.openjdk.jmh.infra.ThreadParams;
import org.sparklstm.config.Settings;
import org.sparklstm.config.SettingsLoader;
import org.sparklstm.engine.LossSum;
import org.sparklstm.engine.Replica;
import org.sparklstm.engine.Steps;
import org.sparklstm.model.ParameterLayout;
import org.sparklstm.text.LaneReader;
import org.sparklstm.text.LaneShard;
import org.sparklstm.train.TrainingPlan;

/**
 * The engine alone: short rounds, with a step a window. Each JMH thread is a worker, and the
 * preset's lanes are shared among them. The words are random with Zipf's frequencies.
 */
@BenchmarkMode(Mode.Throughput)
@OutputTimeUnit(TimeUnit.SECONDS)
@Warmup(iterations = 1, time = 5)
@Measurement(iterations = 3, time = 5)
@Fork(1)
public class EngineBenchmark {
  private static final int ROUNDS = 5;
  private static final int PERIOD = 10; // windows of a round

  /** A worker. */
  @State(Scope.Thread)
  public static class Worker {
    /** Gives the network, the lanes and the length of a window. */
    @Param({"small", "medium"})
    public String preset;

    /** Its name, as {@code engine.name}. */
    @Param({"onednn"})
    public String engine;

    /** Of training, as {@code engine.precision}. */
    @Param({"float32"})
    public String precision;

    /** Of the engine torch, as {@code engine.device}. */
    @Param({"auto"})
    public String device;

    /** Of each worker, as {@code engine.threads}. */
    @Param({"1"})
    public int threads;

    /** Of each worker; 0: its share of the preset's. */
    @Param({"0"})
    public int lanes;

    /** V, of the vocabulary. */
    @Param({"10000"})
    public int words;

    /** As {@code train.softmax-samples}. */
    @Param({"0"})
    public int samples;

    private Replica replica;
    private TrainingPlan plan;
    private LaneShard text;
    private int round;

    /**
     * Makes a replica with initial parameters, and its text.
     *
     * @param workers threads of JMH
     */
    @Setup(Level.Trial)
    public void setUp(ThreadParams workers) {
      Settings settings =
          SettingsLoader.load(
              preset,
              null,
              List.of(
                  "engine.name=" + engine,
                  "engine.precision=" + precision,
                  "engine.device=" + device,
                  "train.softmax-samples=" + samples));
      plan = settings.plan(words, 1);
      if (lanes == 0) {
        lanes = settings.data().lanes() / workers.getThreadCount();
      }
      Random random = new Random(workers.getThreadIndex());
      replica = plan.engine().replica(plan.shape(), lanes);
      replica.useThreads(threads);
      float scale = settings.model().initScale();
      replica.setParameters(ParameterLayout.initialise(plan.shape(), scale, 1));
      replica.setLaneState(new float[lanes * plan.shape().laneStateSize()]);
      int[][] tokens = new int[lanes][];
      int length = settings.data().window() * PERIOD * ROUNDS + 1;
      Arrays.setAll(tokens, b -> random.doubles(length).mapToInt(this::zipf).toArray());
      text = new LaneShard(0, settings.data().window(), tokens);
    }

    /** The word at a place of the cumulative distribution: P(rank at most r) is log r / log V. */
    private int zipf(double place) {
      return (int) Math.pow(words, place) - 1;
    }

    /** Frees the native memory of the replica. */
    @TearDown(Level.Trial)
    public void close() {
      replica.close();
    }
  }

  /** Counted with the steps. */
  @AuxCounters
  @State(Scope.Thread)
  public static class Count {
    /** Target words. */
    public long tokens;
  }

  /**
   * Forward, back and update on the windows of a round.
   *
   * @param worker whose turn it is
   * @param count gets the windows' tokens
   * @return the loss, so that nothing is optimised away
   */
  @Benchmark
  public LossSum trainingRound(Worker worker, Count count) {
    int from = worker.round * PERIOD;
    worker.round = (worker.round + 1) % ROUNDS;
    LossSum loss =
        worker
            .replica
            .train(
                new Steps(
                    new LaneReader(List.of(worker.text).iterator()),
                    from,
                    from + PERIOD,
                    worker.plan.optimiser(),
                    window -> 0.1,
                    worker.plan.regularisation(),
                    1))
            .loss();
    count.tokens += loss.tokens();
    return loss;
  }
}
