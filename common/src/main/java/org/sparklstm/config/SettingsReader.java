package org.sparklstm.config;

import com.typesafe.config.Config;
import com.typesafe.config.ConfigException;
import com.typesafe.config.ConfigValue;
import com.typesafe.config.ConfigValueType;
import java.math.BigDecimal;
import java.time.Duration;
import java.util.Collections;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.OptionalDouble;
import java.util.OptionalInt;
import java.util.Set;
import java.util.function.DoublePredicate;
import java.util.function.Function;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.sparklstm.engine.Device;
import org.sparklstm.engine.Dropout;
import org.sparklstm.engine.Engine;
import org.sparklstm.engine.EngineChoice;
import org.sparklstm.engine.Engines;
import org.sparklstm.engine.Precision;
import org.sparklstm.error.ConfigurationException;
import org.sparklstm.text.Normalization;
import org.sparklstm.train.Combine;
import org.sparklstm.train.Compression;
import org.sparklstm.train.Schedule;

/** Reads {@link Settings} from a resolved configuration and checks every value. */
final class SettingsReader {
  private final Config config;
  private final Set<String> own;

  private SettingsReader(Config config, Set<String> own) {
    this.config = config;
    this.own = own;
  }

  /**
   * Reads and checks all settings.
   *
   * @param config with every key of {@code reference.conf} and no other
   * @param own keys that the user has set
   * @throws ConfigurationException naming the file and line, the key, its value and its rule
   */
  static Settings read(Config config, Set<String> own) {
    return new SettingsReader(config, own).read();
  }

  private Settings read() {
    float keepProbability = probability("model.keep-probability"); // first: others may follow it
    List<Integer> hiddenSizes = sizes("model.hidden-size", integer("model.layers", 1));
    int last = hiddenSizes.get(hiddenSizes.size() - 1);
    Settings settings =
        new Settings(
            new Settings.Model(
                integerOrAuto("model.embedding-size").orElse(last),
                hiddenSizes,
                (float)
                    real(
                        "model.init-scale",
                        x -> (float) x > 0 && (float) x < Float.POSITIVE_INFINITY,
                        "greater than 0"),
                new Dropout(
                    probability("model.input-keep-probability"),
                    keepProbability,
                    probability("model.output-keep-probability"),
                    choice("model.dropout-mode", Dropout.Mode.class),
                    probability("model.recurrent-keep-probability"),
                    probability("model.embedding-keep-probability")),
                choice("model.tie-embeddings", List.of(false, true))),
            new Settings.Vocabulary(
                integer("vocabulary.size", 2), integerOrAuto("vocabulary.min-count")),
            new Settings.Data(
                integer("data.lanes", 1),
                integerOrAuto("data.lanes-per-worker"),
                integer("data.window", 1),
                choice("data.normalization", Normalization.class)),
            new Settings.Train(
                integer("train.epochs", 1),
                choice("train.schedule", Schedule.Fall.class),
                real("train.warm-up-epochs", x -> x >= 0, "at least 0"),
                real("train.full-rate-epochs", x -> x >= 0, "at least 0"),
                real("train.learning-rate", x -> x > 0, "greater than 0"),
                real("train.decay", x -> x > 0 && x <= 1, "in (0, 1]"),
                real("train.decay-epochs", x -> x > 0, "greater than 0"),
                real("train.max-grad-norm", x -> x > 0, "greater than 0"),
                real("train.weight-decay", x -> x >= 0, "at least 0"),
                penalty("train.activation-penalty"),
                penalty("train.temporal-activation-penalty"),
                integer("train.window-shift", 0),
                integer("train.softmax-samples", 0),
                real("train.moving-average-epochs", x -> x >= 0, "at least 0"),
                Optional.of(config.getString("train.init-from")).filter(uri -> !uri.isBlank()),
                whole("train.seed", Long.MIN_VALUE, Long.MAX_VALUE),
                integer("train.sample-words", 0),
                whole("train.validate-every", 0, Long.MAX_VALUE),
                integer("train.patience", 0),
                choice("train.keep", Settings.Keep.class)),
            new Settings.Averaging(
                integerOrAuto("averaging.period"),
                integerOrAuto("averaging.late-period"),
                choice("averaging.outer", Settings.Outer.class),
                realOrAuto("averaging.outer-momentum", x -> x >= 0 && x < 1, "in [0, 1)"),
                real("averaging.outer-rate", x -> x > 0, "greater than 0"),
                choice("averaging.clip", Settings.Clip.class),
                choice("averaging.combine", Combine.class),
                choice("averaging.compression", Compression.class)),
            new Settings.Cluster(
                integerOrAuto("cluster.workers"), duration("cluster.round-timeout")),
            new EngineChoice(
                choice("engine.name", engineNames()),
                integer("engine.threads", 1),
                choice("engine.precision", Precision.class),
                choice("engine.device", Device.class)),
            new Settings.Checkpoint(
                integer("checkpoint.every-rounds", 0), integer("checkpoint.keep", 1)),
            config,
            own);
    if (settings.averaging().clip() == Settings.Clip.AVERAGED) {
      requireOne("averaging.period", settings.averaging().period().orElse(0));
      requireOne("averaging.late-period", settings.averaging().latePeriod().orElse(1));
    }
    if (settings.train().windowShift() >= settings.data().window()) {
      throw invalid(
          "train.window-shift", "less than data.window, which is " + settings.data().window());
    }
    requireTied(settings.model(), last);
    requireLanes(settings);
    requireWholeEpochs(settings.train());
    requireEngine(settings);
    return settings;
  }

  private void requireTied(Settings.Model model, int last) {
    if (model.tieEmbeddings() && model.embeddingSize() != last) {
      throw invalid(
          "model.embedding-size",
          "%s, the size of the last layer, with model.tie-embeddings = true".formatted(last));
    }
  }

  /** A model's own configuration has both numbers of lanes, which then agree. */
  private void requireLanes(Settings settings) {
    OptionalInt each = settings.data().lanesPerWorker();
    long workers = settings.cluster().workers().orElse(0);
    if (own.contains("data.lanes")
        && each.isPresent()
        && workers * each.getAsInt() != settings.data().lanes()) {
      throw invalid("data.lanes-per-worker", "auto where data.lanes is set");
    }
  }

  /** Validation comes at the end of an epoch. */
  private void requireWholeEpochs(Settings.Train train) {
    if (train.schedule() == Schedule.Fall.PLATEAU && train.decayEpochs() % 1 != 0) {
      throw invalid("train.decay-epochs", "a whole number with train.schedule = plateau");
    }
  }

  private void requireOne(String key, int period) {
    if (period != 1) {
      throw invalid(
          "averaging.clip",
          "local unless %s is 1; %s is %s".formatted(key, key, config.getValue(key).unwrapped()));
    }
  }

  private static List<String> engineNames() {
    return Stream.concat(Stream.of(EngineChoice.AUTO), Engines.all().stream().map(Engine::name))
        .toList();
  }

  /** Refuses an engine that cannot train such models, whatever their vocabulary. */
  private void requireEngine(Settings settings) {
    EngineChoice choice = settings.engine();
    if (choice.isAuto()) {
      return;
    }
    Optional<String> refusal =
        choice.engine().refuses(settings.shape(1), settings.regularisation(), choice);
    if (refusal.isPresent()) {
      throw new ConfigurationException(
          "%s: engine.name cannot be %s: %s"
              .formatted(
                  config.getValue("engine.name").origin().description(),
                  choice.name(),
                  refusal.get()));
    }
  }

  private <E extends Enum<E>> E choice(String key, Class<E> type) {
    return choice(key, List.of(type.getEnumConstants()));
  }

  /** The one of {@code values} that is written as {@code per-step} if its name is PER_STEP. */
  private <T> T choice(String key, List<T> values) {
    Function<T, String> written =
        value -> value.toString().toLowerCase(Locale.ROOT).replace('_', '-');
    return values.stream()
        .filter(value -> written.apply(value).equals(config.getValue(key).unwrapped().toString()))
        .findFirst()
        .orElseThrow(
            () -> invalid(key, values.stream().map(written).collect(Collectors.joining(" or "))));
  }

  private OptionalInt integerOrAuto(String key) {
    return config.getValue(key).unwrapped().equals("auto")
        ? OptionalInt.empty()
        : OptionalInt.of(integer(key, 1));
  }

  private OptionalDouble realOrAuto(String key, DoublePredicate valid, String rule) {
    return config.getValue(key).unwrapped().equals("auto")
        ? OptionalDouble.empty()
        : OptionalDouble.of(real(key, valid, rule));
  }

  private int integer(String key, int least) {
    return (int) whole(key, least, Integer.MAX_VALUE);
  }

  /** One number that all have, or a list with one for each. */
  private List<Integer> sizes(String key, int count) {
    if (config.getValue(key).valueType() != ConfigValueType.LIST) {
      return Collections.nCopies(count, integer(key, 1));
    }
    List<Integer> sizes =
        config.getList(key).stream()
            .map(size -> (int) whole(key, size.unwrapped().toString(), 1, Integer.MAX_VALUE))
            .toList();
    if (sizes.size() != count) {
      throw invalid(key, "one number, or a list of as many as model.layers, " + count);
    }
    return sizes;
  }

  private long whole(String key, long least, long most) {
    return whole(key, text(key), least, most);
  }

  private long whole(String key, String text, long least, long most) {
    BigDecimal value = number(key, text);
    if (value.stripTrailingZeros().scale() > 0) {
      throw invalid(key, "a whole number");
    }
    if (value.compareTo(BigDecimal.valueOf(least)) < 0) {
      throw invalid(key, "at least " + least);
    }
    if (value.compareTo(BigDecimal.valueOf(most)) > 0) {
      throw invalid(key, "at most " + most);
    }
    return value.longValueExact();
  }

  private double real(String key, DoublePredicate valid, String rule) {
    double value = number(key, text(key)).doubleValue();
    if (!Double.isFinite(value) || !valid.test(value)) {
      throw invalid(key, rule);
    }
    return value;
  }

  /** Greater than 0, as a float too. */
  private float probability(String key) {
    return (float) real(key, x -> (float) x > 0 && x <= 1, "in (0, 1]");
  }

  /** Finite as a float too. */
  private float penalty(String key) {
    return (float) real(key, x -> x >= 0 && (float) x < Float.POSITIVE_INFINITY, "in [0, 3.4e38]");
  }

  /** A decimal number; not NaN, Infinity, 5d or 0x1p3, which Java reads too. */
  private BigDecimal number(String key, String text) {
    try {
      return new BigDecimal(text);
    } catch (NumberFormatException e) {
      throw invalid(key, "a number");
    }
  }

  private String text(String key) {
    try {
      return config.getString(key);
    } catch (ConfigException.WrongType e) {
      throw invalid(key, "a number");
    }
  }

  private Duration duration(String key) {
    try {
      Duration duration = config.getDuration(key);
      if (duration.compareTo(Duration.ofSeconds(1)) >= 0) {
        return duration;
      }
    } catch (ConfigException.BadValue | ConfigException.WrongType e) {
      // falls through to the error below
    }
    throw invalid(key, "at least 1 second, such as 90 seconds or 2 hours");
  }

  private ConfigurationException invalid(String key, String rule) {
    ConfigValue value = config.getValue(key);
    return new ConfigurationException(
        "%s: %s must be %s, is %s"
            .formatted(value.origin().description(), key, rule, value.unwrapped()));
  }
}
