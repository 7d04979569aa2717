package org.sparklstm.config;

import static org.assertj.core.api.Assertions.assertThat;

import com.typesafe.config.ConfigFactory;
import com.typesafe.config.ConfigRenderOptions;
import com.typesafe.config.ConfigValue;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;

/** {@code docs/guides/configuration.md} is made from {@code reference.conf} and the presets. */
class ConfigurationReferenceTest {
  private static final Path GUIDE = Path.of("../docs/guides/configuration.md");

  @Test
  void theGuideSaysWhatReferenceConfSays() throws IOException {
    String reference = reference();
    if (Boolean.getBoolean("configuration.write")) {
      Files.writeString(GUIDE, reference);
    }
    assertThat(GUIDE)
        .describedAs(
            "mvn -pl common test -Dtest=ConfigurationReferenceTest -Dconfiguration.write=true writes it")
        .hasContent(reference);
  }

  private static String reference() {
    StringBuilder text =
        new StringBuilder(
            """
            # Configuration

            All settings with their defaults, which are those of the preset `small`. Give them as `--set key=value`, or in a
            file as `--config file.conf`, in [HOCON](https://github.com/lightbend/config/blob/main/HOCON.md). Later wins: the
            defaults, the preset (`--model`), the file, `--set`. A test makes this page from `reference.conf`.
            """);
    List<Map.Entry<String, ConfigValue>> settings =
        ConfigFactory.parseResources(ConfigurationReferenceTest.class, "reference.conf")
            .entrySet()
            .stream()
            .sorted(Comparator.comparing(entry -> entry.getValue().origin().lineNumber()))
            .toList();
    String section = "";
    for (Map.Entry<String, ConfigValue> setting : settings) {
      String key = setting.getKey();
      String its = key.substring(0, key.indexOf('.'));
      if (!its.equals(section)) {
        text.append("\n## ").append(its).append('\n');
        section = its;
      }
      String value = setting.getValue().render(ConfigRenderOptions.concise()).replace("\"", "");
      text.append("\n**`").append(key).append(" = ").append(value).append("`**\n");
      List<String> comments = setting.getValue().origin().comments();
      assertThat(comments).describedAs("comment of " + key).isNotEmpty();
      text.append("\n```text\n");
      comments.forEach(
          line -> text.append(line.stripTrailing().replaceFirst("^ ", "")).append('\n'));
      text.append("```\n");
    }
    return text.append(presets()).toString();
  }

  private static String presets() {
    Map<String, Map<String, String>> all = new TreeMap<>();
    List<String> presets = SettingsLoader.presets();
    for (String preset : presets) {
      SettingsLoader.load(preset, null, List.of())
          .entries()
          .forEach(
              (key, value) -> all.computeIfAbsent(key, k -> new TreeMap<>()).put(preset, value));
    }
    String heads =
        presets.stream().map(preset -> " `" + preset + "` |").collect(Collectors.joining());
    String rows =
        all.entrySet().stream()
            .filter(entry -> entry.getValue().values().stream().distinct().count() > 1)
            .map(
                entry ->
                    "| `%s` |%s\n"
                        .formatted(
                            entry.getKey(),
                            presets.stream()
                                .map(preset -> " " + entry.getValue().get(preset) + " |")
                                .collect(Collectors.joining())))
            .collect(Collectors.joining());
    return "\n## Presets\n\nWhere they differ:\n\n| key |%s\n|---|%s\n%s"
        .formatted(heads, "---|".repeat(presets.size()), rows);
  }
}
