package org.sparklstm.bench;

import java.util.concurrent.TimeUnit;
import org.bytedeco.dnnl.global.dnnl;
import org.bytedeco.javacpp.FloatPointer;
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

/**
 * The machine's rate of matrix products in fp32 with oneDNN, on shapes of this model: what the
 * engine's rate is a share of. Run it with OMP_NUM_THREADS=1.
 */
@BenchmarkMode(Mode.Throughput)
@OutputTimeUnit(TimeUnit.SECONDS)
@Warmup(iterations = 1, time = 2)
@Measurement(iterations = 3, time = 2)
@Fork(1)
public class ProductBenchmark {

  /** [m, k] · [k, n]. */
  @State(Scope.Thread)
  public static class Product {
    /** m, n and k, with blanks between. */
    @Param({
      "200 10000 200",
      "400 10000 200",
      "350 10000 650",
      "400 800 200",
      "10 800 200",
      "10 2600 650"
    })
    public String rowsColumnsInner;

    private long m;
    private long n;
    private long k;
    private FloatPointer a;
    private FloatPointer b;
    private FloatPointer c;

    /** Fills the matrices with ones. */
    @Setup(Level.Trial)
    public void setUp() {
      String[] sizes = rowsColumnsInner.split(" ", 3);
      m = Long.parseLong(sizes[0]);
      n = Long.parseLong(sizes[1]);
      k = Long.parseLong(sizes[2]);
      a = ones(m * k);
      b = ones(k * n);
      c = ones(m * n);
    }

    private static FloatPointer ones(long size) {
      FloatPointer floats = new FloatPointer(size);
      for (long i = 0; i < size; i++) {
        floats.put(i, 1);
      }
      return floats;
    }

    /** Frees the matrices. */
    @TearDown(Level.Trial)
    public void close() {
      a.close();
      b.close();
      c.close();
    }
  }

  /** Counted with the products. */
  @AuxCounters
  @State(Scope.Thread)
  public static class Count {
    /** 10^9 additions or multiplications: 2·m·n·k a product. */
    public double gigaflop;
  }

  /**
   * One product.
   *
   * @param p the matrices
   * @param count gets its operations
   * @return oneDNN's status, 0 if it succeeded
   */
  @Benchmark
  public int product(Product p, Count count) {
    count.gigaflop += 2e-9 * p.m * p.n * p.k;
    return dnnl.dnnl_sgemm(
        (byte) 'N', (byte) 'N', p.m, p.n, p.k, 1, p.a, p.k, p.b, p.n, 0, p.c, p.n);
  }
}
