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
import com.typesafe.config.ConfigValueFactory;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.net.URL;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Collection;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.Supplier;
import java.util.stream.Collectors;
import org.apache.commons.text.similarity.LevenshteinDistance;
import org.sparklstm.engine.EngineChoice;
import org.sparklstm.engine.Engines;
import org.sparklstm.error.ConfigurationException;

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
          Config own = file == null ? ConfigFactory.empty() : file(file);
          for (String assignment : assignments) {
            own = assignment(assignment).withFallback(own);
          }
          return own;
        },
        preset(preset));
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
    return read(
        () -> requireKnownKeys(ConfigFactory.parseString(json, options)), ConfigFactory.empty());
  }

  /**
   * Reads the settings of a model back from the text that {@link Settings#render()} wrote. An
   * {@code include} in it is refused. Where no jar has the engine that trained the model, the
   * engine is left open, because any engine can use it.
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
            withAnEngine(
                requireKnownKeys(
                    ConfigFactory.parseString(text, options)
                        .resolve(ConfigResolveOptions.noSystem()))),
        ConfigFactory.empty());
  }

  private static Config withAnEngine(Config model) {
    String key = "engine.name";
    return model.hasPath(key) && !Engines.has(model.getString(key))
        ? model.withValue(key, ConfigValueFactory.fromAnyRef(EngineChoice.AUTO))
        : model;
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

  /**
   * Reads settings.
   *
   * @param own what the user has set, which comes before the preset
   */
  private static Settings read(Supplier<Config> own, Config preset) {
    try {
      Config set = own.get();
      Set<String> keys =
          set.entrySet().stream().map(Map.Entry::getKey).collect(Collectors.toUnmodifiableSet());
      Config all = set.withFallback(preset).withFallback(reference()).resolve();
      return SettingsReader.read(all, keys);
    } catch (ConfigException e) {
      throw new ConfigurationException(e.getMessage(), e);
    } catch (StackOverflowError e) { // the parser is recursive
      throw new ConfigurationException("Cannot read the configuration: it is nested too deeply", e);
    }
  }

  /** The names that {@code --model} takes. */
  public static List<String> presets() {
    return List.of("small", "medium", "large", "medium-tied", "medium-awd", "test", "quickstart");
  }

  /** Every key, in alphabetical order. */
  public static List<String> keys() {
    return reference().entrySet().stream().map(Map.Entry::getKey).sorted().toList();
  }

  /**
   * What a preset is for, and what it reaches where that is known: the comment that its file begins
   * with.
   *
   * @param name one of {@link #presets()}
   */
  public static String description(String name) {
    return text(fileOf(name))
        .lines()
        .takeWhile(line -> line.startsWith("# "))
        .map(line -> line.substring(2))
        .collect(Collectors.joining(" "));
  }

  private static String fileOf(String preset) {
    return "presets/" + preset + ".conf";
  }

  /** The text of {@code reference.conf}, which documents every key. */
  public static String referenceText() {
    return text("reference.conf");
  }

  private static String text(String resource) {
    try (InputStream in = SettingsLoader.class.getResourceAsStream(resource)) {
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
    return requireKnownKeys(resource(fileOf(name)));
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
}
