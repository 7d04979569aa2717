package org.sparklstm.bench;

import java.util.Iterator;
import java.util.List;
import java.util.Random;
import java.util.concurrent.TimeUnit;
import java.util.stream.IntStream;
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
import org.sparklstm.config.SettingsLoader;
import org.sparklstm.engine.Engines;
import org.sparklstm.engine.Replica;
import org.sparklstm.model.LstmShape;
import org.sparklstm.model.ParameterLayout;
import org.sparklstm.score.LaneScorer;
import org.sparklstm.text.Window;

/**
 * Predictions a second of the scorer, beside those of the engine alone. Each JMH thread is a task.
 * The sentences have random words, and lengths as different as those of the Penn Treebank.
 */
@BenchmarkMode(Mode.Throughput)
@OutputTimeUnit(TimeUnit.SECONDS)
@Warmup(iterations = 1, time = 5)
@Measurement(iterations = 3, time = 5)
@Fork(1)
public class ScoringBenchmark {
  private static final int WORDS = 10_000;
  private static final int SENTENCES = 2_000;

  /** Mean length and its standard deviation, with the end of the line. */
  private static final double MEAN = 22;

  private static final double DEVIATION = 10;

  /** A task. */
  @State(Scope.Thread)
  public static class Task {
    @Param("small")
    public String preset;

    @Param("64")
    public int lanes;

    private Replica replica;
    private Window window;
    private LaneScorer<int[]> scorer;

    @Setup(Level.Trial)
    public void setUp(ThreadParams threads) {
      LstmShape shape = SettingsLoader.load(preset, null, List.of()).shape(WORDS);
      Random random = new Random(threads.getThreadIndex());
      replica = Engines.here(shape).replica(shape, lanes);
      replica.setParameters(ParameterLayout.initialise(shape, 0.1f, 1));
      window = new Window(0, 0, lanes, 1, words(random, lanes), words(random, lanes));
      List<int[]> sentences =
          IntStream.range(0, SENTENCES).mapToObj(i -> words(random, length(random))).toList();
      Iterator<int[]> endless =
          IntStream.iterate(0, i -> (i + 1) % SENTENCES).mapToObj(sentences::get).iterator();
      scorer = new LaneScorer<>(replica, 0, endless, List::of);
    }

    private static int length(Random random) {
      return (int) Math.max(2, Math.round(MEAN + DEVIATION * random.nextGaussian()));
    }

    private static int[] words(Random random, int count) {
      return random.ints(count, 0, WORDS).toArray();
    }

    @TearDown(Level.Trial)
    public void close() {
      replica.close();
    }
  }

  /** Counted with the calls. */
  @AuxCounters
  @State(Scope.Thread)
  public static class Count {
    public long predictions;
  }

  @Benchmark
  public double[] scorer(Task task, Count count) {
    double[] nats = task.scorer.next().nats();
    count.predictions += nats.length;
    return nats;
  }

  @Benchmark
  public double[] engine(Task task, Count count) {
    double[] nats = task.replica.score(task.window);
    count.predictions += nats.length;
    return nats;
  }
}
