package org.sparklstm.averaging;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import java.util.List;
import java.util.Random;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.IntRange;
import org.apache.spark.api.java.JavaSparkContext;
import org.junit.jupiter.api.Test;
import org.sparklstm.averaging.Evaluator.Part;
import org.sparklstm.averaging.ShardedLanes.Span;
import org.sparklstm.engine.EngineChoice;
import org.sparklstm.engine.LossSum;
import org.sparklstm.engine.Replica;
import org.sparklstm.generate.Generator;
import org.sparklstm.generate.Sampler;
import org.sparklstm.generate.WordWriter;
import org.sparklstm.model.LstmShape;
import org.sparklstm.model.ParameterLayout;
import org.sparklstm.testing.LocalSpark;
import org.sparklstm.text.LaneShard;
import org.sparklstm.text.Vocabulary;

class EvaluatorTest {

  @Property
  void stretchesCountEachWindowOnce(
      @ForAll @IntRange(min = 1, max = 5000) int windows,
      @ForAll @IntRange(min = 1, max = 3000) int length,
      @ForAll @IntRange(min = 1, max = 70) int most) {
    List<Part> parts = Evaluator.parts(windows, length, most);

    assertThat(parts).hasSizeBetween(1, most);
    int next = 0;
    for (Part part : parts) {
      assertThat(part.counted()).isEqualTo(next);
      assertThat(part.read().from()).isBetween(0, part.counted());
      int warmUp = (part.counted() - part.read().from()) * length;
      assertThat(warmUp).isGreaterThanOrEqualTo(Math.min(1024, part.counted() * length));
      assertThat(warmUp).isLessThan(1024 + length);
      next = part.read().to();
      if (parts.size() > 1) {
        assertThat((next - part.counted() + 1L) * length).isGreaterThan(8192);
      }
    }
    assertThat(next).isEqualTo(windows);
  }

  @Test
  void aShortLaneIsOneStream() {
    assertThat(Evaluator.parts(255, 64, 8)).containsExactly(new Part(new Span(0, 0, 255), 0));
    assertThat(Evaluator.parts(256, 64, 8))
        .containsExactly(
            new Part(new Span(0, 0, 128), 0), new Part(new Span(0, 128 - 16, 256), 128));
  }

  /** Whichever lanes its replica has, it is the text that {@code PtbGenerate} writes. */
  @Test
  void parametersWriteWhatAGeneratorDraws() {
    LstmShape shape = new LstmShape(5, 6, 2, false);
    Vocabulary words = new Vocabulary(List.of("<eos>", "a", "b", "<unk>", "c"));
    float[] parameters = ParameterLayout.initialise(shape, 0.7f, 2);
    LaneShard lanes = new LaneShard(0, 4, new int[3][5]);
    StringBuilder expected = new StringBuilder();
    try (Replica replica = EngineChoice.of("onednn").replica(shape, 1)) {
      replica.setParameters(parameters);
      WordWriter writer = new WordWriter("", expected);
      new Generator(replica, words, new Sampler(0.8, 200, 1), false)
          .generate(1, new int[] {0}, 40, 7, (word, sample) -> writer.add(word));
    }

    try (ShardedLanes text = ShardedLanesTest.of(lanes, 1, 5000, Long.MAX_VALUE)) {
      String written = evaluator(shape).write(parameters, words, text, 40, 7, "sample");

      assertThat(written).isEqualTo(expected.toString()).contains("\n").doesNotContain("<unk>");
      assertThat(evaluator(shape).write(parameters, words, text, 40, 8, "sample"))
          .isNotEqualTo(written);
    }
  }

  private static Evaluator evaluator(LstmShape shape) {
    return new Evaluator(
        JavaSparkContext.fromSparkContext(LocalSpark.session().sparkContext()),
        EngineChoice.of("onednn"),
        shape);
  }

  @Test
  void stretchesHaveTheLossOfOneStream() {
    LstmShape shape = new LstmShape(9, 6, 2, false);
    int[] tokens = new Random(4).ints(3 * 8192 + 1, 0, 9).toArray();
    float[] parameters = ParameterLayout.initialise(shape, 0.7f, 2);
    Evaluator evaluator = evaluator(shape);
    LaneShard lane = new LaneShard(0, 64, new int[][] {tokens});
    try (ShardedLanes text = ShardedLanesTest.of(lane, 1, 5000, Long.MAX_VALUE)) {
      LossSum stream = evaluator.evaluate(parameters, text, "one stream");
      LossSum stretches = evaluator.evaluateLane(parameters, text, 5, "three stretches");

      assertThat(stretches.tokens()).isEqualTo(stream.tokens()).isEqualTo(3 * 8192);
      assertThat(stretches.nats()).isCloseTo(stream.nats(), within(1e-3));

      List<Part> cold =
          List.of(new Part(new Span(0, 0, 192), 0), new Part(new Span(0, 192, 384), 192));
      LossSum withoutWarmUp = evaluator.evaluate(parameters, text, cold, "no warm-up");
      assertThat(withoutWarmUp.nats()).isNotCloseTo(stream.nats(), within(1e-2));
    }
  }
}
