package org.sparklstm.config;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import net.jqwik.api.Arbitraries;
import net.jqwik.api.Arbitrary;
import net.jqwik.api.Combinators;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.Provide;
import net.jqwik.api.constraints.IntRange;
import net.jqwik.api.lifecycle.AfterContainer;
import net.jqwik.api.lifecycle.BeforeContainer;
import org.sparklstm.Mutant;
import org.sparklstm.error.ConfigurationException;

/** Whatever stands in a configuration file or behind --set: settings, or an error that says why. */
class SettingsFuzzTest {
  private static Path file;

  @BeforeContainer
  static void createFile() throws IOException {
    file = Files.createTempFile("fuzz", ".conf");
  }

  @AfterContainer
  static void deleteFile() throws IOException {
    Files.delete(file);
  }

  @Property
  void aDamagedConfigurationFile(@ForAll long seed, @ForAll @IntRange(min = 1, max = 9) int edits)
      throws IOException {
    byte[] reference = SettingsLoader.referenceText().getBytes(StandardCharsets.UTF_8);
    Files.write(file, Mutant.of(reference, seed, edits));

    assertReadOrRefused(file, List.of());
  }

  @Property
  void anyConfigurationFile(@ForAll("configurations") String text) throws IOException {
    Files.writeString(file, text);

    assertReadOrRefused(file, List.of());
  }

  @Property
  void anyAssignments(@ForAll("assignments") List<String> assignments) {
    assertReadOrRefused(null, assignments);
  }

  private static void assertReadOrRefused(Path config, List<String> assignments) {
    try {
      Settings settings = SettingsLoader.load("small", config, assignments);
      assertThat(SettingsLoader.parse(settings.json(), "again").entries())
          .isEqualTo(settings.entries());
    } catch (ConfigurationException refused) {
      assertThat(refused.getMessage()).isNotBlank();
    }
  }

  @Provide
  Arbitrary<List<String>> assignments() {
    return Combinators.combine(keys(), Arbitraries.of("=", "=", "=", "+=", ":", ""), values())
        .as((key, sign, value) -> key + sign + value)
        .list()
        .ofMaxSize(4);
  }

  @Provide
  Arbitrary<String> configurations() {
    Arbitrary<String> pieces =
        Arbitraries.oneOf(
            keys(),
            values(),
            Arbitraries.of(
                " = ",
                " { ",
                " } ",
                "\n",
                ":",
                "+=",
                "${",
                "${?",
                "[",
                "]",
                ",",
                "\"",
                "\"\"\"",
                "#",
                "//",
                "include ",
                "include file(\"/dev/null\")",
                "include required(\"x\")"));
    return pieces.list().ofMaxSize(40).map(list -> String.join("", list));
  }

  private static Arbitrary<String> keys() {
    return Arbitraries.oneOf(
        Arbitraries.of(SettingsLoader.keys()),
        Arbitraries.of("model", "data", "averaging", "cluster.", ".engine", "train.epoch"),
        Arbitraries.strings().ofMaxLength(8));
  }

  private static Arbitrary<String> values() {
    return Arbitraries.oneOf(
        Arbitraries.of(
            "auto",
            "true",
            "null",
            "1",
            "0",
            "-1",
            "1e999999999",
            "-1e-999999999",
            "0x10",
            "NaN",
            "Infinity",
            "10 minutes",
            "1e30 days",
            "[1]",
            "{a = 1}",
            "${train.seed}",
            "${nothing}",
            "${?HOME}",
            "local",
            "onednn",
            "9223372036854775808",
            "0.5",
            "1e-320"),
        Arbitraries.bigDecimals().map(Object::toString),
        Arbitraries.strings().ofMaxLength(12),
        Arbitraries.integers().between(1, 20_000).map("{a".repeat(3)::repeat));
  }
}
