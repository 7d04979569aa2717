package org.sparklstm.engine.torch;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.Random;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.IntToDoubleFunction;
import java.util.stream.IntStream;
import org.bytedeco.javacpp.Pointer;
import org.junit.jupiter.api.Test;
import org.sparklstm.engine.Device;
import org.sparklstm.engine.Dropout;
import org.sparklstm.engine.Dropout.Mode;
import org.sparklstm.engine.EngineChoice;
import org.sparklstm.engine.Engines;
import org.sparklstm.engine.FastReplicaTest;
import org.sparklstm.engine.LossSum;
import org.sparklstm.engine.Precision;
import org.sparklstm.engine.Regularisation;
import org.sparklstm.engine.Replica;
import org.sparklstm.engine.Replicas;
import org.sparklstm.engine.Sgd;
import org.sparklstm.engine.Steps;
import org.sparklstm.model.LstmShape;
import org.sparklstm.model.ParameterLayout;
import org.sparklstm.text.LaneReader;
import org.sparklstm.text.LaneShard;
import org.sparklstm.text.Window;
import org.sparklstm.text.WindowShift;

class TorchReplicaTest extends FastReplicaTest {
  private static final LstmShape TIED = new LstmShape(10_000, 37, 3, true);
  private static final Regularisation NOISE =
      new Regularisation(new Dropout(0.6f, 0.5f, 0.4f, Mode.LOCKED, 0.7f, 0.8f), 2, 1, 0);

  TorchReplicaTest() {
    super("torch", "onednn");
  }

  private static Replica replica(Precision precision) {
    Replica replica = Replicas.of(Engines.find("torch"), TIED, 4, precision);
    replica.setParameters(ParameterLayout.initialise(TIED, 0.1f, 1));
    return replica;
  }

  private static Window window(Random random) {
    return new Window(
        0,
        0,
        4,
        6,
        random.ints(24, 0, TIED.vocabularySize()).toArray(),
        random.ints(24, 0, TIED.vocabularySize()).toArray());
  }

  /** The reference for models that are not tied has no tied ones. */
  @Test
  void stepsOfATiedModelAreThoseOfTheOtherFastEngine() {
    Random random = new Random(2);
    try (Replica torch = replica(Precision.FLOAT32);
        Replica other = Replicas.of("onednn", TIED, 4)) {
      other.setParameters(torch.parameters());
      for (int step = 0; step < 10; step++) {
        Window window = window(random);
        LossSum expected = other.backpropagate(window, NOISE, 3);
        assertThat(torch.backpropagate(window, NOISE, 3).nats())
            .isCloseTo(expected.nats(), within(1e-6 * expected.nats()));
        double norm = other.step(new Sgd(0.5), 1);
        assertThat(torch.step(new Sgd(0.5), 1)).isCloseTo(norm, within(1e-5 * norm));
      }
      assertThat(distance(torch.parameters(), other.parameters())).isLessThan(1e-4);
    }
  }

  /** Twice two stretches, the second one with a shorter last window. */
  @Test
  void windowsThatAreCutFromAStretchOnTheDeviceAreThoseOfTheText() {
    int[][] words = randomWords(4, 65, TIED.vocabularySize());
    List<LaneShard> stretches =
        List.of(
            new LaneShard(3, 0, 6, part(words, 0, 49)),
            new LaneShard(3, 8, 6, part(words, 48, 65)));
    float[] parameters = ParameterLayout.initialise(TIED, 0.1f, 1);
    try (Replica rounds = replica(Precision.FLOAT32);
        Replica windows = replica(Precision.FLOAT32)) {
      rounds.setParameters(parameters);
      windows.setParameters(parameters);
      Sgd sgd = new Sgd(0.5);
      for (int epoch = 0; epoch < 2; epoch++) {
        LossSum loss = LossSum.ZERO;
        LossSum expected = LossSum.ZERO;
        WindowShift shift = new WindowShift(3 * epoch, 11);
        LaneReader text = new LaneReader(stretches.iterator()).with(shift);
        LaneReader again = new LaneReader(stretches.iterator()).with(shift);
        for (int from = 0; from < 11; from += 4) {
          int to = Math.min(from + 4, 11);
          loss =
              loss.plus(rounds.train(new Steps(text, from, to, sgd, window -> 1, NOISE, 3)).loss());
          for (int i = from; i < to; i++) {
            expected = expected.plus(windows.backpropagate(again.window(i), NOISE, 3));
            windows.step(sgd, 1);
          }
        }
        assertThat(loss.tokens()).isEqualTo(4 * 64);
        assertThat(loss.nats()).isCloseTo(expected.nats(), within(1e-12 * expected.nats()));
        assertThat(rounds.parameters()).isEqualTo(windows.parameters()).isNotEqualTo(parameters);
      }
    }
  }

  private static int[][] part(int[][] lanes, int from, int to) {
    return Arrays.stream(lanes)
        .map(lane -> Arrays.copyOfRange(lane, from, to))
        .toArray(int[][]::new);
  }

  /**
   * What the graph on a GPU does, but for the GPU: the second step and all later ones are repeats.
   */
  @Test
  void repeatedStepsAreStepsToTheByte() {
    AtomicInteger repeats = new AtomicInteger();
    Recording.Recorder recorder =
        computation ->
            new Recording() {
              @Override
              public void repeat() {
                repeats.incrementAndGet();
                computation.run();
              }

              @Override
              public void close() {
                repeats.set(-1);
              }
            };
    try (Replica recorded =
        new TorchReplica(TIED, 4, TorchDevice.CPU, Precision.FLOAT32, Optional.of(recorder))) {
      recorded.setParameters(ParameterLayout.initialise(TIED, 0.1f, 1));
      assertTrainsAsWithoutRecording(recorded);
      assertThat(repeats).hasValue(2 * 8 - 1); // of two rounds of 8 windows and a short one
    }
    assertThat(repeats).hasValue(-1);
  }

  @Test
  void stepsRecordedOnAGpuAreStepsToTheByte() {
    assumeTrue(TorchLibrary.hasGpuBuild(), "libtorch on the class path is built for the CPU");
    EngineChoice how = new EngineChoice("torch", 1, Precision.FLOAT32, Device.CUDA_GRAPH);
    try (Replica recorded = how.replica(TIED, 4)) {
      recorded.setParameters(ParameterLayout.initialise(TIED, 0.1f, 1));
      assertTrainsAsWithoutRecording(recorded);
    }
  }

  private static void assertTrainsAsWithoutRecording(Replica recorded) {
    LaneShard text = new LaneShard(0, 6, randomWords(4, 51, TIED.vocabularySize()));
    try (Replica plain = replica(Precision.FLOAT32)) {
      for (int round = 0; round < 2; round++) {
        LaneReader reader = new LaneReader(List.of(text).iterator());
        LaneReader again = new LaneReader(List.of(text).iterator());
        int epoch = round;
        IntToDoubleFunction rates = window -> 1.0 / (1 + window + epoch);
        Steps.Result result =
            recorded.train(new Steps(reader, 0, 9, new Sgd(0.5, 1e-3), rates, NOISE, round));
        assertThat(result)
            .isEqualTo(
                plain.train(new Steps(again, 0, 9, new Sgd(0.5, 1e-3), rates, NOISE, round)));
        assertThat(recorded.parameters()).isEqualTo(plain.parameters());
        assertThat(recorded.laneState()).isEqualTo(plain.laneState());
      }
    }
  }

  private static int[][] randomWords(int lanes, int words, int vocabulary) {
    Random random = new Random(6);
    return IntStream.range(0, lanes)
        .mapToObj(lane -> random.ints(words, 0, vocabulary).toArray())
        .toArray(int[][]::new);
  }

  /** On a CPU, TF32 is float32. */
  @Test
  void tf32ChangesNothingOnACpu() {
    Window window = window(new Random(3));
    try (Replica torch = replica(Precision.FLOAT32);
        Replica tf32 = replica(Precision.TF32)) {
      assertThat(tf32.backpropagate(window, NOISE, 3))
          .isEqualTo(torch.backpropagate(window, NOISE, 3));
      assertThat(tf32.gradient()).isEqualTo(torch.gradient());
    }
  }

  /** bfloat16 has 8 bits of mantissa: each operand is off by 1 part in 512 at most. */
  @Test
  void bfloat16TrainsNearFloat32AndEvaluatesInIt() {
    Random random = new Random(4);
    try (Replica exact = replica(Precision.FLOAT32);
        Replica rounded = replica(Precision.BFLOAT16)) {
      Window window = window(random);
      assertThat(rounded.evaluate(window)).isEqualTo(exact.evaluate(window));

      double nats = exact.backpropagate(window, NOISE, 3).nats();
      double near = rounded.backpropagate(window, NOISE, 3).nats();
      assertThat(near).isNotEqualTo(nats).isCloseTo(nats, within(nats / 512));
      assertThat(distance(rounded.gradient(), exact.gradient()))
          .isPositive()
          .isLessThan(Replica.norm(exact.gradient()) / 32);

      // The step is less than a rounding of a parameter to bfloat16.
      float[] before = rounded.parameters();
      rounded.step(new Sgd(5), 1e-4);
      exact.step(new Sgd(5), 1e-4);
      double moved = distance(exact.parameters(), before);
      assertThat(moved).isPositive();
      assertThat(distance(rounded.parameters(), exact.parameters())).isLessThan(moved / 8);
    }
  }

  /** ‖a − b‖. */
  private static double distance(float[] a, float[] b) {
    float[] difference = a.clone();
    for (int i = 0; i < a.length; i++) {
      difference[i] -= b[i];
    }
    return Replica.norm(difference);
  }

  private static final int[][] TEXT = randomWords(4, 11, 50);

  @Test
  void aThousandWindowsLeaveNoObject() {
    LstmShape shape = new LstmShape(50, 16, 2);
    int[] words = new Random(5).ints(20, 0, 50).toArray();
    Window window = new Window(0, 0, 4, 5, words, words);
    try (Replica replica = Replicas.of("torch", shape, 4)) {
      work(replica, window, 1);
      long objects = Pointer.totalCount();
      long bytes = Pointer.totalBytes();
      work(replica, window, 1000);
      // Fewer, if the garbage collector finds those of another test.
      assertThat(Pointer.totalCount()).isLessThanOrEqualTo(objects);
      assertThat(Pointer.totalBytes()).isLessThanOrEqualTo(bytes);
    }
  }

  /** A window's logits alone are 2 MB. */
  @Test
  void hundredsOfLargeWindowsTakeNoMoreMemoryThanTheFirst() {
    LstmShape shape = new LstmShape(10_000, 8, 1);
    int[] words = new Random(5).ints(50, 0, 10_000).toArray();
    Window window = new Window(0, 0, 5, 10, words, words);
    try (Replica replica = Replicas.of("torch", shape, 5)) {
      train(replica, window, 20);
      long physical = Pointer.physicalBytes();
      train(replica, window, 300);
      assertThat(Pointer.physicalBytes() - physical).isLessThan(256 << 20); // the heap may grow
    }
  }

  private static void train(Replica replica, Window window, int times) {
    for (int i = 0; i < times; i++) {
      replica.backpropagate(window, NOISE, i);
      replica.evaluate(window);
    }
  }

  private static void work(Replica replica, Window window, int times) {
    for (int i = 0; i < times; i++) {
      replica.backpropagate(window, NOISE, i);
      replica.step(new Sgd(5), 0.1);
      LaneReader text = new LaneReader(List.of(new LaneShard(0, 5, TEXT)).iterator());
      replica.train(new Steps(text, 0, 2, new Sgd(5), step -> 0.1, NOISE, i));
      replica.evaluate(window);
      replica.score(window);
      replica.next(new int[4]);
      replica.clearLane(1);
      replica.setLaneState(replica.laneState());
      replica.setParameters(replica.parameters());
      replica.gradient();
    }
  }

  @Test
  void closedReplicasLeaveNoObject() {
    close(1);
    long objects = Pointer.totalCount();
    close(50);
    assertThat(Pointer.totalCount()).isLessThanOrEqualTo(objects);
  }

  private static void close(int times) {
    LstmShape shape = new LstmShape(50, 16, 2);
    Window window = new Window(0, 0, 4, 5, new int[20], new int[20]);
    for (int i = 0; i < times; i++) {
      try (Replica replica = Replicas.of("torch", shape, 4)) {
        replica.backpropagate(window, NOISE, 1);
      }
    }
  }
}
