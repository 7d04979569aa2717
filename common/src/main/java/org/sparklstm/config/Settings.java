package org.sparklstm.config;

import com.typesafe.config.Config;
import com.typesafe.config.ConfigRenderOptions;
import com.typesafe.config.ConfigValue;
import com.typesafe.config.ConfigValueFactory;
import com.typesafe.config.ConfigValueType;
import java.math.BigDecimal;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalDouble;
import java.util.OptionalInt;
import java.util.Set;
import java.util.TreeMap;
import org.sparklstm.engine.Dropout;
import org.sparklstm.engine.EngineChoice;
import org.sparklstm.engine.Regularisation;
import org.sparklstm.engine.Sgd;
import org.sparklstm.error.ConfigurationException;
import org.sparklstm.model.LstmShape;
import org.sparklstm.text.Normalization;
import org.sparklstm.train.AveragingPlan;
import org.sparklstm.train.Combine;
import org.sparklstm.train.Compression;
import org.sparklstm.train.MovingAverage;
import org.sparklstm.train.OuterOptimiser;
import org.sparklstm.train.Schedule;
import org.sparklstm.train.TrainingPlan;
import org.sparklstm.train.WorkerUpdate;

/**
 * All settings of a run, validated. The keys of {@code reference.conf} are the components of the
 * records and are documented there. Nothing has a default anywhere else.
 *
 * @param source the resolved configuration that the records were read from
 * @param own keys that the user has set, which a {@link Scaling} leaves alone
 */
public record Settings(
    Model model,
    Vocabulary vocabulary,
    Data data,
    Train train,
    Averaging averaging,
    Cluster cluster,
    EngineChoice engine,
    Checkpoint checkpoint,
    Config source,
    Set<String> own) {

  /**
   * The network, how it begins, and what its training drops.
   *
   * @param hiddenSizes of each layer
   */
  public record Model(
      int embeddingSize,
      List<Integer> hiddenSizes,
      float initScale,
      Dropout dropout,
      boolean tieEmbeddings) {
    /** The number of layers. */
    public int layers() {
      return hiddenSizes.size();
    }
  }

  /**
   * Which words a model knows.
   *
   * @param minCount rarer words of the training text are {@code <unk>}; empty: 1 if that leaves
   *     some word {@code <unk>}, else 2
   */
  public record Vocabulary(int size, OptionalInt minCount) {}

  /**
   * How the text is cut.
   *
   * @param lanes B, of all workers
   * @param lanesPerWorker empty: {@code lanes} are shared
   * @param normalization of the text before it is cut into words
   */
  public record Data(
      int lanes, OptionalInt lanesPerWorker, int window, Normalization normalization) {}

  /**
   * How long and how fast to train.
   *
   * @param schedule how the rate falls
   * @param windowShift words that the beginning of a window may move by; 0: it stays
   * @param softmaxSamples words that a window's softmax has besides its targets; 0: all
   * @param movingAverageEpochs that the model is averaged over; 0: it is not
   * @param initFrom the model that training begins with; empty: random parameters
   * @param sampleWords that the model writes after each epoch
   * @param validateEvery training tokens between validations within an epoch; 0: there are none
   * @param patience epochs without a better one after which training stops; 0: it never does
   * @param keep which epoch's model is tested and saved
   */
  public record Train(
      int epochs,
      Schedule.Fall schedule,
      double warmUpEpochs,
      double fullRateEpochs,
      double learningRate,
      double decay,
      double decayEpochs,
      double maxGradNorm,
      double weightDecay,
      float activationPenalty,
      float temporalActivationPenalty,
      int windowShift,
      int softmaxSamples,
      double movingAverageEpochs,
      Optional<String> initFrom,
      long seed,
      int sampleWords,
      long validateEvery,
      int patience,
      Keep keep) {

    private Schedule whole() {
      return new Schedule(
          schedule, epochs, warmUpEpochs, fullRateEpochs, learningRate, decay, decayEpochs, 0);
    }
  }

  /** The epoch whose model is tested and saved. */
  public enum Keep {
    /** The one of the last epoch. */
    LAST,
    /** The one with the lowest validation perplexity. */
    BEST
  }

  /**
   * When and how workers are averaged.
   *
   * @param period windows between two averages; empty: decided by measurement
   * @param latePeriod the same from the first fall of the learning rate on; empty: as before it
   * @param outerMomentum empty: by lanes, see {@link Scaling#momentum}
   */
  public record Averaging(
      OptionalInt period,
      OptionalInt latePeriod,
      Outer outer,
      OptionalDouble outerMomentum,
      double outerRate,
      Clip clip,
      Combine combine,
      Compression compression) {

    private WorkerUpdate update() {
      if (clip == Clip.AVERAGED) {
        return new WorkerUpdate.Gradient(compression);
      }
      return compression == Compression.NONE
          ? new WorkerUpdate.Parameters()
          : new WorkerUpdate.Change(compression);
    }
  }

  /** What is done with the workers' mean. */
  public enum Outer {
    /** All workers continue with it. */
    AVERAGE,
    /** They make a step of {@link OuterOptimiser} towards it. */
    NESTEROV
  }

  /** Where the gradient is clipped. */
  public enum Clip {
    /** Each worker's own, in each window. */
    LOCAL,
    /** The workers' mean, after each window. */
    AVERAGED
  }

  /**
   * How the lanes are shared.
   *
   * @param workers the number of workers; empty: decided by the cluster's slots
   * @param roundTimeout how long the cluster may go without a task starting or ending
   */
  public record Cluster(OptionalInt workers, Duration roundTimeout) {}

  /** When a run saves what it needs to continue, and how many of those stay. */
  public record Checkpoint(int everyRounds, int keep) {}

  /** These settings with one key replaced, validated again. */
  public Settings with(String key, Object value) {
    return SettingsReader.read(
        SettingsLoader.requireKnownKeys(
            source.withValue(
                key, ConfigValueFactory.fromAnyRef(value, "resolved when training started"))),
        own);
  }

  /** The network for a vocabulary of {@code vocabularySize} words. */
  public LstmShape shape(int vocabularySize) {
    try {
      return new LstmShape(
          vocabularySize, model.embeddingSize, model.hiddenSizes, model.tieEmbeddings);
    } catch (IllegalArgumentException e) {
      throw new ConfigurationException(e.getMessage(), e);
    }
  }

  /** What the training of a window does besides minimising −ln p. */
  public Regularisation regularisation() {
    return new Regularisation(
        model.dropout,
        train.activationPenalty,
        train.temporalActivationPenalty,
        train.softmaxSamples);
  }

  /**
   * The plan of a run, for a vocabulary of {@code vocabularySize} words.
   *
   * @param period windows between two averages, as set or decided
   */
  public TrainingPlan plan(int vocabularySize, int period) {
    return new TrainingPlan(
        shape(vocabularySize),
        train.whole(),
        new Sgd(train.maxGradNorm, train.weightDecay),
        regularisation(),
        train.windowShift,
        new AveragingPlan(
            period,
            averaging.latePeriod.orElse(period),
            averaging.update(),
            averaging.combine,
            outer()),
        new MovingAverage(train.movingAverageEpochs),
        engine,
        train.seed);
  }

  /** One worker makes no outer step: it is serial SGD. */
  private OuterOptimiser outer() {
    return averaging.outer == Outer.AVERAGE || cluster.workers.equals(OptionalInt.of(1))
        ? OuterOptimiser.AVERAGE
        : new OuterOptimiser(
            averaging.outerMomentum.orElseGet(() -> Scaling.momentum(data.lanes)),
            averaging.outerRate);
  }

  /** Each key with its value as text, in key order; equal numbers have equal texts. */
  public Map<String, String> entries() {
    Map<String, String> entries = new TreeMap<>();
    source.entrySet().forEach(entry -> entries.put(entry.getKey(), text(entry.getValue())));
    return entries;
  }

  private static String text(ConfigValue value) {
    String text = value.unwrapped().toString();
    return value.valueType() == ConfigValueType.NUMBER
        ? new BigDecimal(text).stripTrailingZeros().toPlainString()
        : text;
  }

  /** The settings as JSON on one line, which {@link SettingsLoader#parse} reads back. */
  public String json() {
    return source.root().render(ConfigRenderOptions.concise());
  }

  /**
   * The settings as a configuration file that {@code --config} reads back. A keep probability that
   * is that of all places is left out, so that it still follows {@code model.keep-probability}.
   */
  public String render() {
    Config written = source;
    for (String place : List.of("model.input-keep-probability", "model.output-keep-probability")) {
      if (source.getDouble(place) == source.getDouble("model.keep-probability")) {
        written = written.withoutPath(place);
      }
    }
    return written
        .root()
        .render(
            ConfigRenderOptions.defaults()
                .setOriginComments(false)
                .setComments(false)
                .setJson(false));
  }
}
