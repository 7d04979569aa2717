package org.sparklstm.bench;

import java.util.Random;
import java.util.concurrent.TimeUnit;
import org.deeplearning4j.nn.multilayer.MultiLayerNetwork;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.dataset.DataSet;
import org.nd4j.linalg.factory.Nd4j;
import org.openjdk.jmh.annotations.AuxCounters;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Fork;
import org.openjdk.jmh.annotations.Level;
import org.openjdk.jmh.annotations.Measurement;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.TearDown;
import org.openjdk.jmh.annotations.Warmup;
import org.sparklstm.engine.Dropout;
import org.sparklstm.engine.dl4j.Dl4jModel;
import org.sparklstm.model.LstmShape;

/**
 * What DL4J's own {@code MultiLayerNetwork.fit} reaches on {@code small}, with all its defaults.
 */
@BenchmarkMode(Mode.Throughput)
@OutputTimeUnit(TimeUnit.SECONDS)
@Warmup(iterations = 1, time = 10)
@Measurement(iterations = 3, time = 10)
@Fork(value = 1, jvmArgs = "-Xmx2g")
public class StockDl4jBenchmark {
  private static final int LANES = 20;
  private static final int WINDOW = 20;
  private static final int WORDS = 10_000;

  /** The network and a window of random words. */
  @State(Scope.Benchmark)
  public static class Network {
    private MultiLayerNetwork network;
    private DataSet window;

    /** Makes the network of {@code small}, and one window. */
    @Setup(Level.Trial)
    public void setUp() {
      network =
          new MultiLayerNetwork(
              Dl4jModel.configuration(new LstmShape(WORDS, 200, 2), Dropout.NONE));
      network.init();
      window = new DataSet(words(1), words(2));
    }

    private static INDArray words(long seed) {
      double[] words = new Random(seed).ints(LANES * WINDOW, 0, WORDS).asDoubleStream().toArray();
      return Nd4j.createFromArray(words).reshape(LANES, 1, WINDOW);
    }

    /** Frees the network. */
    @TearDown(Level.Trial)
    public void close() {
      network.close();
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
   * One step on the window.
   *
   * @param state network and window
   * @param count gets the window's tokens
   * @return DL4J's score, so that nothing is optimised away
   */
  @Benchmark
  public double fit(Network state, Count count) {
    state.network.fit(state.window);
    count.tokens += LANES * WINDOW;
    return state.network.score();
  }
}
