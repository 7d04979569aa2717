package org.sparklstm.config;

import com.typesafe.config.Config;
import com.typesafe.config.ConfigException;
import com.typesafe.config.ConfigFactory;
import com.typesafe.config.ConfigIncludeContext;
import com.typesafe.config.ConfigIncluder;
import com.typesafe.config.ConfigObject;
import com.typesafe.config.ConfigParseOptions;
import com.typesafe.config.ConfigResolveOptions;
import com.typesafe.config.ConfigSyntax;
import com.typesafe.config.ConfigValue;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.math.BigDecimal;
import java.net.URL;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Collection;
import java.util.Comparator;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.function.DoublePredicate;
import java.util.function.Function;
import java.util.function.Supplier;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.apache.commons.text.similarity.LevenshteinDistance;
import org.sparklstm.engine.Engine;
import org.sparklstm.engine.EngineChoice;
import org.sparklstm.engine.Engines;
import org.sparklstm.engine.Regularisation.DropoutMode;
import org.sparklstm.error.ConfigurationException;
import org.sparklstm.train.Combine;
import org.sparklstm.train.Compression;

/**
 * Builds {@link Settings} from {@code reference.conf}, a preset, a file and single keys, and
 * rejects what it does not know.
 */
public final class SettingsLoader {
  private SettingsLoader() {}

  /**
   * Loads the settings of a run.
   *
   * @param preset a name of {@link #presets()}
   * @param file a HOCON file of overrides, or null
   * @param assignments single overrides, each {@code key=value}
   * @throws ConfigurationException naming the file and line, or the key, that is wrong
   */
  public static Settings load(String preset, Path file, List<String> assignments) {
    return read(
        () -> {
          Config overrides = preset(preset);
          if (file != null) {
            overrides = file(file).withFallback(overrides);
          }
          for (String assignment : assignments) {
            overrides = assignment(assignment).withFallback(overrides);
          }
          return overrides;
        });
  }

  /**
   * Reads settings back from the text that {@link Settings#json()} wrote: plain JSON, which neither
   * includes files nor refers to the environment.
   *
   * @throws ConfigurationException naming {@code origin} and what is wrong
   */
  public static Settings parse(String json, String origin) {
    ConfigParseOptions options =
        ConfigParseOptions.defaults().setSyntax(ConfigSyntax.JSON).setOriginDescription(origin);
    return read(() -> requireKnownKeys(ConfigFactory.parseString(json, options)));
  }

  /**
   * Reads settings back from the text that {@link Settings#render()} wrote. An {@code include} in
   * it is refused.
   *
   * @throws ConfigurationException naming {@code origin} and what is wrong
   */
  public static Settings parseFile(String text, String origin) {
    ConfigParseOptions options =
        ConfigParseOptions.defaults()
            .setSyntax(ConfigSyntax.CONF)
            .setIncluder(new NoIncluder())
            .setOriginDescription(origin);
    return read(
        () ->
            requireKnownKeys(
                ConfigFactory.parseString(text, options).resolve(ConfigResolveOptions.noSystem())));
  }

  /** Refuses to include other files. */
  private static final class NoIncluder implements ConfigIncluder {
    @Override
    public ConfigIncluder withFallback(ConfigIncluder fallback) {
      return this;
    }

    @Override
    public ConfigObject include(ConfigIncludeContext context, String what) {
      throw new ConfigException.Generic("it must not include " + what);
    }
  }

  private static Settings read(Supplier<Config> overrides) {
    try {
      return read(overrides.get().withFallback(reference()).resolve());
    } catch (ConfigException e) {
      throw new ConfigurationException(e.getMessage(), e);
    } catch (StackOverflowError e) { // the parser is recursive
      throw new ConfigurationException("Cannot read the configuration: it is nested too deeply", e);
    }
  }

  /** The names that {@code --model} takes. */
  public static List<String> presets() {
    return List.of("small", "medium", "large", "test", "quickstart");
  }

  /** Every key, in alphabetical order. */
  public static List<String> keys() {
    return reference().entrySet().stream().map(Map.Entry::getKey).sorted().toList();
  }

  /** The text of {@code reference.conf}, which documents every key. */
  public static String referenceText() {
    try (InputStream in = SettingsLoader.class.getResourceAsStream("reference.conf")) {
      return new String(in.readAllBytes(), StandardCharsets.UTF_8);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private static Config reference() {
    return resource("reference.conf");
  }

  private static Config preset(String name) {
    if (!presets().contains(name)) {
      throw new ConfigurationException(
          "Unknown preset %s: did you mean %s? The presets are %s"
              .formatted(name, nearest(name, presets()), String.join(", ", presets())));
    }
    return requireKnownKeys(resource("presets/" + name + ".conf"));
  }

  private static Config resource(String name) {
    URL url = SettingsLoader.class.getResource(name);
    if (url == null) {
      throw new IllegalStateException("The jar holds no " + name);
    }
    return ConfigFactory.parseURL(url, ConfigParseOptions.defaults().setAllowMissing(false));
  }

  private static Config file(Path file) {
    if (!Files.isRegularFile(file) || !Files.isReadable(file)) {
      throw new ConfigurationException("Cannot read configuration file %s".formatted(file));
    }
    return requireKnownKeys(
        ConfigFactory.parseFile(
            file.toFile(), ConfigParseOptions.defaults().setAllowMissing(false)));
  }

  private static Config assignment(String assignment) {
    int equals = assignment.indexOf('=');
    if (equals < 1) {
      throw new ConfigurationException(
          "Cannot read --set %s: write --set key=value".formatted(assignment));
    }
    return requireKnownKeys(
        ConfigFactory.parseString(
            assignment, ConfigParseOptions.defaults().setOriginDescription("--set " + assignment)));
  }

  /** Rejects keys that {@code reference.conf} does not document. */
  static Config requireKnownKeys(Config overrides) {
    List<String> keys = keys();
    for (Map.Entry<String, ConfigValue> entry : overrides.entrySet()) {
      if (!keys.contains(entry.getKey())) {
        throw new ConfigurationException(
            "%s: unknown key %s, did you mean %s?"
                .formatted(
                    entry.getValue().origin().description(),
                    entry.getKey(),
                    nearest(entry.getKey(), keys)));
      }
    }
    return overrides;
  }

  /** The candidate with the smallest edit distance to {@code name}. */
  private static String nearest(String name, Collection<String> candidates) {
    LevenshteinDistance distance = LevenshteinDistance.getDefaultInstance();
    return candidates.stream()
        .sorted()
        .min(Comparator.comparingInt(candidate -> distance.apply(name, candidate)))
        .orElseThrow();
  }

  static Settings read(Config config) {
    Settings settings =
        new Settings(
            new Settings.Model(
                integer(config, "model.layers", 1),
                integer(config, "model.hidden-size", 1),
                (float)
                    real(
                        config,
                        "model.init-scale",
                        x -> (float) x > 0 && (float) x < Float.POSITIVE_INFINITY,
                        "greater than 0"),
                (float)
                    real(
                        config,
                        "model.keep-probability",
                        x -> (float) x > 0 && x <= 1,
                        "in (0, 1]"),
                choice(config, "model.dropout-mode", DropoutMode.class),
                choice(config, "model.tie-embeddings", List.of(false, true))),
            new Settings.Vocabulary(
                integer(config, "vocabulary.size", 2),
                integerOrAuto(config, "vocabulary.min-count")),
            new Settings.Data(integer(config, "data.lanes", 1), integer(config, "data.window", 1)),
            new Settings.Train(
                integer(config, "train.epochs", 1),
                integer(config, "train.full-rate-epochs", 0),
                real(config, "train.learning-rate", x -> x > 0, "greater than 0"),
                real(config, "train.decay", x -> x > 0 && x <= 1, "in (0, 1]"),
                real(config, "train.max-grad-norm", x -> x > 0, "greater than 0"),
                whole(config, "train.seed", Long.MIN_VALUE, Long.MAX_VALUE)),
            new Settings.Averaging(
                integerOrAuto(config, "averaging.period"),
                choice(config, "averaging.clip", Settings.Clip.class),
                choice(config, "averaging.combine", Combine.class),
                choice(config, "averaging.compression", Compression.class)),
            new Settings.Cluster(
                integerOrAuto(config, "cluster.workers"),
                duration(config, "cluster.round-timeout")),
            new EngineChoice(
                choice(config, "engine.name", engineNames()), integer(config, "engine.threads", 1)),
            new Settings.Checkpoint(
                integer(config, "checkpoint.every-rounds", 0),
                integer(config, "checkpoint.keep", 1)),
            config);
    if (settings.averaging().clip() == Settings.Clip.AVERAGED
        && !settings.averaging().period().equals(OptionalInt.of(1))) {
      throw invalid(
          config,
          "averaging.clip",
          "local unless averaging.period is 1; averaging.period is "
              + config.getValue("averaging.period").unwrapped());
    }
    requireEngine(settings, config);
    return settings;
  }

  private static List<String> engineNames() {
    return Stream.concat(Stream.of(EngineChoice.AUTO), Engines.all().stream().map(Engine::name))
        .toList();
  }

  /** Refuses an engine that cannot train such models, whatever their vocabulary. */
  private static void requireEngine(Settings settings, Config config) {
    EngineChoice choice = settings.engine();
    if (choice.isAuto()) {
      return;
    }
    Optional<String> refusal =
        choice.engine().refuses(settings.shape(1), settings.regularisation(), choice.threads());
    if (refusal.isPresent()) {
      throw new ConfigurationException(
          "%s: engine.name cannot be %s: %s"
              .formatted(
                  config.getValue("engine.name").origin().description(),
                  choice.name(),
                  refusal.get()));
    }
  }

  private static <E extends Enum<E>> E choice(Config config, String key, Class<E> type) {
    return choice(config, key, List.of(type.getEnumConstants()));
  }

  /** The one of {@code values} that is written as {@code per-step} if its name is PER_STEP. */
  private static <T> T choice(Config config, String key, List<T> values) {
    Function<T, String> written =
        value -> value.toString().toLowerCase(Locale.ROOT).replace('_', '-');
    return values.stream()
        .filter(value -> written.apply(value).equals(config.getValue(key).unwrapped().toString()))
        .findFirst()
        .orElseThrow(
            () ->
                invalid(
                    config, key, values.stream().map(written).collect(Collectors.joining(" or "))));
  }

  private static OptionalInt integerOrAuto(Config config, String key) {
    return config.getValue(key).unwrapped().equals("auto")
        ? OptionalInt.empty()
        : OptionalInt.of(integer(config, key, 1));
  }

  private static int integer(Config config, String key, int least) {
    return (int) whole(config, key, least, Integer.MAX_VALUE);
  }

  private static long whole(Config config, String key, long least, long most) {
    BigDecimal value = number(config, key);
    if (value.stripTrailingZeros().scale() > 0) {
      throw invalid(config, key, "a whole number");
    }
    if (value.compareTo(BigDecimal.valueOf(least)) < 0) {
      throw invalid(config, key, "at least " + least);
    }
    if (value.compareTo(BigDecimal.valueOf(most)) > 0) {
      throw invalid(config, key, "at most " + most);
    }
    return value.longValueExact();
  }

  private static double real(Config config, String key, DoublePredicate valid, String rule) {
    double value = number(config, key).doubleValue();
    if (!Double.isFinite(value) || !valid.test(value)) {
      throw invalid(config, key, rule);
    }
    return value;
  }

  /** A decimal number; not NaN, Infinity, 5d or 0x1p3, which Java reads too. */
  private static BigDecimal number(Config config, String key) {
    try {
      return new BigDecimal(config.getString(key));
    } catch (NumberFormatException | ConfigException.WrongType e) {
      throw invalid(config, key, "a number");
    }
  }

  private static Duration duration(Config config, String key) {
    try {
      Duration duration = config.getDuration(key);
      if (duration.compareTo(Duration.ofSeconds(1)) >= 0) {
        return duration;
      }
    } catch (ConfigException.BadValue | ConfigException.WrongType e) {
      // falls through to the error below
    }
    throw invalid(config, key, "at least 1 second, such as 90 seconds or 2 hours");
  }

  private static ConfigurationException invalid(Config config, String key, String rule) {
    ConfigValue value = config.getValue(key);
    return new ConfigurationException(
        "%s: %s must be %s, is %s"
            .formatted(value.origin().description(), key, rule, value.unwrapped()));
  }
}
