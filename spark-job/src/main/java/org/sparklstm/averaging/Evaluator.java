package org.sparklstm.averaging;

import java.io.Serializable;
import java.util.List;
import java.util.stream.IntStream;
import org.apache.spark.api.java.JavaSparkContext;
import org.apache.spark.broadcast.Broadcast;
import org.sparklstm.averaging.ShardedLanes.Span;
import org.sparklstm.engine.EngineChoice;
import org.sparklstm.engine.LossSum;
import org.sparklstm.engine.Replica;
import org.sparklstm.generate.Generator;
import org.sparklstm.generate.Sampler;
import org.sparklstm.generate.WordWriter;
import org.sparklstm.model.LstmShape;
import org.sparklstm.text.LaneReader;
import org.sparklstm.text.Vocabulary;
import org.sparklstm.train.Floats;

/** Evaluates parameters on Spark: forward only, without noise. */
public final class Evaluator {
  /**
   * Tokens before a stretch of one lane that bring the state there. With them the perplexity is
   * that of one stream to 1e-6 of itself (docs/measurements/perplexity.md).
   */
  private static final int WARM_UP = 1024;

  /** Tokens of a stretch, at least: the warm-up is little to that. */
  private static final int STRETCH = 8 * WARM_UP;

  private final JavaSparkContext spark;
  private final EngineChoice engine;
  private final LstmShape shape;

  /**
   * An evaluator.
   *
   * @param spark runs the tasks
   * @param engine that tasks compute with
   * @param shape of the network
   */
  public Evaluator(JavaSparkContext spark, EngineChoice engine, LstmShape shape) {
    this.spark = spark;
    this.engine = engine;
    this.shape = shape;
  }

  /**
   * What a task evaluates.
   *
   * @param read windows, from a zero state
   * @param counted the first of them that counts; those before bring the state there
   */
  record Part(Span read, int counted) implements Serializable {}

  /**
   * Σ −ln p over all windows of {@code text}, from a zero state, by the workers that own its lanes.
   *
   * @param description of the Spark job
   */
  public LossSum evaluate(float[] parameters, ShardedLanes text, String description) {
    List<Part> parts = text.all().stream().map(span -> new Part(span, 0)).toList();
    return evaluate(parameters, text, parts, description);
  }

  /**
   * Σ −ln p over all windows of the one lane of {@code text}. A long lane is cut into stretches for
   * several tasks. The state at the beginning of each comes from the tokens before it; so the sum
   * is nearly that of one stream from a zero state. A short lane is one stream.
   *
   * @param tasks at most
   * @param description of the Spark job
   */
  public LossSum evaluateLane(
      float[] parameters, ShardedLanes text, int tasks, String description) {
    return evaluate(parameters, text, parts(text.windows(), text.window(), tasks), description);
  }

  /**
   * Parts of a lane that count each of its windows once.
   *
   * @param windows of the lane
   * @param length tokens of a window
   * @param most parts
   */
  static List<Part> parts(int windows, int length, int most) {
    long count = Math.max(1, Math.min(most, (long) windows * length / STRETCH));
    int warmUp = (WARM_UP - 1) / length + 1;
    return IntStream.range(0, (int) count)
        .mapToObj(
            part -> {
              int from = (int) (part * (long) windows / count);
              int to = (int) ((part + 1) * (long) windows / count);
              return new Part(new Span(0, Math.max(0, from - warmUp), to), from);
            })
        .toList();
  }

  /**
   * What the parameters write from the beginning of a sentence, one line a sentence: drawn at the
   * temperature 0.8 from the 200 likeliest words, without {@code <unk>}.
   *
   * @param text one whose replica draws, because an executor has one for it already
   * @param words to draw
   * @param description of the Spark job
   */
  public String write(
      float[] parameters,
      Vocabulary vocabulary,
      ShardedLanes text,
      int words,
      long seed,
      String description) {
    EngineChoice taskEngine = engine;
    LstmShape taskShape = shape;
    int lanes = text.lanesOfFirst();
    try (Sent<Writer> sent =
        Sent.of(spark, new Writer(new Floats(parameters), vocabulary, words, seed))) {
      spark.sc().setJobDescription(description);
      Broadcast<Writer> broadcast = sent.broadcast();
      return spark
          .parallelize(List.of(lanes), 1)
          .map(
              count ->
                  ReplicaPool.with(
                      taskEngine, taskShape, count, replica -> broadcast.value().write(replica)))
          .first();
    } finally {
      spark.sc().setJobDescription(null);
    }
  }

  /** What a task writes. */
  private record Writer(Floats parameters, Vocabulary vocabulary, int words, long seed)
      implements Serializable {
    private static final Sampler SAMPLER = new Sampler(0.8, 200, 1);

    String write(Replica replica) {
      replica.setParameters(parameters.values());
      StringBuilder text = new StringBuilder();
      WordWriter writer = new WordWriter("", text);
      boolean unknown = vocabulary.size() == 1; // there is nothing else to draw
      int[] prompt = {vocabulary.id(Vocabulary.END_OF_SENTENCE).orElse(0)};
      new Generator(replica, vocabulary, SAMPLER, unknown)
          .generate(1, prompt, words, seed, (word, sample) -> writer.add(word));
      return text.toString();
    }
  }

  LossSum evaluate(float[] parameters, ShardedLanes text, List<Part> parts, String description) {
    EngineChoice taskEngine = engine; // not this object, which a task cannot have
    LstmShape taskShape = shape;
    try (Sent<Floats> sent = Sent.of(spark, new Floats(parameters))) {
      spark.sc().setJobDescription(description);
      Broadcast<Floats> broadcast = sent.broadcast();
      return text
          .readers(parts.stream().map(Part::read).toList())
          .mapPartitionsWithIndex(
              (part, reader) ->
                  List.of(
                          evaluate(
                              taskEngine,
                              taskShape,
                              reader.next(),
                              parts.get(part),
                              broadcast.value().values()))
                      .iterator(),
              true)
          .collect()
          .stream()
          .reduce(LossSum.ZERO, LossSum::plus);
    } finally {
      spark.sc().setJobDescription(null);
    }
  }

  private static LossSum evaluate(
      EngineChoice engine, LstmShape shape, LaneReader text, Part part, float[] parameters) {
    return ReplicaPool.with(
        engine, shape, text.lanes(), replica -> evaluate(replica, shape, text, part, parameters));
  }

  private static LossSum evaluate(
      Replica replica, LstmShape shape, LaneReader text, Part part, float[] parameters) {
    replica.setParameters(parameters);
    replica.setLaneState(new float[text.lanes() * shape.laneStateSize()]);
    LossSum loss = LossSum.ZERO;
    for (int window = part.read().from(); window < part.read().to(); window++) {
      LossSum ofWindow = replica.evaluate(text.window(window));
      loss = window < part.counted() ? loss : loss.plus(ofWindow);
    }
    return loss;
  }
}
