package org.sparklstm.config;

import com.typesafe.config.Config;
import com.typesafe.config.ConfigRenderOptions;
import com.typesafe.config.ConfigValue;
import com.typesafe.config.ConfigValueFactory;
import com.typesafe.config.ConfigValueType;
import java.math.BigDecimal;
import java.time.Duration;
import java.util.Map;
import java.util.OptionalInt;
import java.util.TreeMap;
import org.sparklstm.engine.Engine;
import org.sparklstm.model.LstmSpec;
import org.sparklstm.model.LstmSpec.DropoutMode;

/**
 * All settings of a run, validated. Each record component is the key of the same name in {@code
 * reference.conf}, where it is documented; nothing has a default anywhere else.
 *
 * @param source the resolved configuration that the records were read from
 */
public record Settings(
    Model model,
    Vocabulary vocabulary,
    Data data,
    Train train,
    Averaging averaging,
    Cluster cluster,
    Engine engine,
    Checkpoint checkpoint,
    Config source) {

  public record Model(
      int layers,
      int hiddenSize,
      float initScale,
      float keepProbability,
      DropoutMode dropoutMode,
      boolean tieEmbeddings) {}

  /**
   * Which words a model knows.
   *
   * @param minCount rarer words of the training text are {@code <unk>}; empty: 2 if there were no
   *     {@code <unk>} otherwise, else 1
   */
  public record Vocabulary(int size, OptionalInt minCount) {}

  public record Data(int lanes, int window) {}

  public record Train(
      int epochs,
      int fullRateEpochs,
      double learningRate,
      double decay,
      double maxGradNorm,
      long seed) {}

  /**
   * When the workers' parameters are averaged.
   *
   * @param period windows between two averages; empty: decided by measurement
   */
  public record Averaging(OptionalInt period, Clip clip, Combine combine, Compression compression) {
    /** Whether workers send what is to be applied to the parameters before a round. */
    public boolean sendsChanges() {
      return clip == Clip.AVERAGED || compression != Compression.NONE;
    }
  }

  /** Where the gradient is clipped. */
  public enum Clip {
    LOCAL,
    AVERAGED
  }

  /** How the workers' parameters come together; all give the same bytes. */
  public enum Combine {
    /** {@link #DRIVER} if its memory has room for all of them, else {@link #SHARDED}. */
    AUTO,
    /** The driver collects and averages them. */
    DRIVER,
    /** Executors average groups of workers, the driver the groups. */
    TREE,
    /** Each of as many tasks averages a part of all workers' parameters. */
    SHARDED
  }

  /** How workers send what they changed. */
  public enum Compression {
    /** Exactly. */
    NONE,
    /** Rounded to 16 bits, at most 2⁻⁸ of each parameter's change away. */
    BFLOAT16
  }

  /**
   * How the lanes are shared.
   *
   * @param workers the number of workers; empty: decided by the cluster's slots
   * @param roundTimeout how long the cluster may go without a task starting or ending
   */
  public record Cluster(OptionalInt workers, Duration roundTimeout) {}

  public record Checkpoint(int everyRounds, int keep) {}

  /** These settings with one key replaced, validated again. */
  public Settings with(String key, Object value) {
    return SettingsLoader.read(
        SettingsLoader.known(
            source.withValue(
                key, ConfigValueFactory.fromAnyRef(value, "resolved when training started"))));
  }

  /** The network for a vocabulary of {@code vocabularySize} words. */
  public LstmSpec spec(int vocabularySize) {
    try {
      return new LstmSpec(
          vocabularySize,
          model.hiddenSize,
          model.layers,
          model.keepProbability,
          model.dropoutMode,
          model.tieEmbeddings);
    } catch (IllegalArgumentException e) {
      throw new ConfigurationException(e.getMessage(), e);
    }
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

  /** The settings as a configuration file that {@code --config} reads back. */
  public String render() {
    return source
        .root()
        .render(
            ConfigRenderOptions.defaults()
                .setOriginComments(false)
                .setComments(false)
                .setJson(false));
  }
}
