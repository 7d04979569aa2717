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
import org.sparklstm.model.LstmShape;
import org.sparklstm.model.ParameterLayout;
import org.sparklstm.testing.LocalSpark;
import org.sparklstm.text.LaneShard;

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

  @Test
  void stretchesHaveTheLossOfOneStream() {
    LstmShape shape = new LstmShape(9, 6, 2, false);
    int[] tokens = new Random(4).ints(3 * 8192 + 1, 0, 9).toArray();
    float[] parameters = ParameterLayout.initialise(shape, 0.7f, 2);
    Evaluator evaluator =
        new Evaluator(
            JavaSparkContext.fromSparkContext(LocalSpark.session().sparkContext()),
            new EngineChoice("onednn", 1),
            shape);
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
