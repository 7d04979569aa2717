package org.sparklstm.engine;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.Random;
import org.bytedeco.javacpp.Pointer;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.sparklstm.engine.Dropout.Mode;
import org.sparklstm.model.LstmShape;
import org.sparklstm.text.Window;

/** What a replica takes of the machine's memory, against what its engine says. */
public abstract class ReplicaMemoryTest {
  private final Engine engine;
  private final long most;

  /**
   * Tests an engine.
   *
   * @param engine its name
   * @param most bytes that a replica of the largest models here may be said to need
   */
  protected ReplicaMemoryTest(String engine, long most) {
    this.engine = Engines.find(engine);
    this.most = most;
  }

  @ParameterizedTest
  @CsvSource({
    "10000, 1500 1500 1500, 20, 35, PER_STEP, false",
    "10000, 650 650 650 650, 20, 35, LOCKED, true",
    "10000, 400 1150 1150 400, 20, 35, LOCKED, true",
    "10000, 300 500 700 900 300, 20, 35, PER_STEP, false",
    "1000, 100 2000, 10, 20, PER_STEP, false",
    "50000, 200 200 200, 10, 20, PER_STEP, false",
    "30000, 100 100, 64, 35, PER_STEP, true",
    "3000, 512 512 512 512 512, 128, 35, PER_STEP, false"
  })
  void aReplicaTakesNoMoreThanItsEngineSays(
      int words, String sizes, int lanes, int length, Mode mode, boolean tied) {
    LstmShape shape = ReplicaTest.shape(words, sizes, tied);
    Regularisation regularisation =
        new Regularisation(new Dropout(0.5f, 0.5f, 0.5f, mode, 0.5f, 0.5f), 2, 1, 0);
    assertTakesNoMoreThanSaid(shape, lanes, regularisation, Precision.FLOAT32, length);
  }

  /** Trains on windows and compares the memory that it takes with what the engine says. */
  protected final void assertTakesNoMoreThanSaid(
      LstmShape shape,
      int lanes,
      Regularisation regularisation,
      Precision precision,
      int... lengths) {
    Random random = ReplicaTest.fresh();
    loadLibrary();
    EngineChoice how = new EngineChoice(engine.name(), 1, precision, Device.AUTO);
    long said = engine.memory(shape, new Sgd(5), how, lanes, lengths).host();
    float[] zeros = new float[shape.parameterCount()];
    long before = Pointer.physicalBytes();
    try (Replica replica = Replicas.of(engine, shape, lanes, precision)) {
      replica.setParameters(zeros);
      for (int length : lengths) {
        Window window = ReplicaTest.randomWindow(random, shape, lanes, length);
        replica.backpropagate(window, regularisation, ReplicaTest.NOISE);
        replica.step(new Sgd(10), 1);
      }
      long taken = Pointer.physicalBytes() - before;
      System.out.printf("takes %s bytes, at most %s said%n", taken, said);
      assertThat(taken).isLessThan(said + (64 << 20)); // this JVM's heap may grow too
      assertThat(said).isLessThan(most);
    }
  }

  /** The library's own memory is not that of a replica. */
  private void loadLibrary() {
    LstmShape shape = new LstmShape(23, 7, 2);
    try (Replica replica = Replicas.of(engine, shape, 2)) {
      replica.backpropagate(
          ReplicaTest.randomWindow(ReplicaTest.fresh(), shape, 2, 5),
          Regularisation.NONE,
          ReplicaTest.NOISE);
    }
  }
}
