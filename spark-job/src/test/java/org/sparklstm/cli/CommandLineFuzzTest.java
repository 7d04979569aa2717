package org.sparklstm.cli;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.List;
import net.jqwik.api.Arbitraries;
import net.jqwik.api.Arbitrary;
import net.jqwik.api.Combinators;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.Provide;
import org.sparklstm.config.SettingsLoader;

/** Whatever stands on a command line that cannot train: usage, and nothing that alarms a user. */
class CommandLineFuzzTest {

  @Property
  void everyCommandLineIsAnswered(@ForAll("arguments") List<String> arguments) {
    List<String> contradiction = new ArrayList<>(arguments);
    contradiction.addAll(List.of("--resume", "--overwrite")); // the last check before Spark starts

    TrainCommandTest.Result result = TrainCommandTest.run(contradiction.toArray(String[]::new));

    assertThat(result.status()).isIn(0, 2);
    assertThat(result.out() + result.err()).isNotBlank();
    assertThat(result.err())
        .doesNotContain("\tat ")
        .doesNotContain("Training failed")
        .doesNotContain("java.");
  }

  @Provide
  Arbitrary<List<String>> arguments() {
    return Arbitraries.oneOf(
            Combinators.combine(options(), Arbitraries.of(" ", "=", ""), values())
                .as((option, sign, value) -> List.of((option + sign + value).split(" ", 2))),
            options().map(List::of),
            values().map(List::of))
        .list()
        .ofMaxSize(5)
        .map(lists -> lists.stream().flatMap(List::stream).toList());
  }

  private static Arbitrary<String> options() {
    return Arbitraries.oneOf(
        Arbitraries.of(
            "--model",
            "--data-path",
            "--save-path",
            "--config",
            "--set",
            "--resume",
            "--overwrite",
            "--help",
            "--help-settings",
            "--version",
            "-h",
            "-V",
            "--",
            "-",
            "@/dev/null",
            "--Model"),
        Arbitraries.strings().alpha().ofMinLength(1).ofMaxLength(6).map(name -> "--" + name));
  }

  private static Arbitrary<String> values() {
    Arbitrary<String> keys =
        Arbitraries.oneOf(
            Arbitraries.of(SettingsLoader.keys()), Arbitraries.strings().ofMaxLength(8));
    return Arbitraries.oneOf(
        Arbitraries.of(SettingsLoader.presets()),
        Arbitraries.of("/nowhere", "/dev/null", "/", "", " ", "hdfs://x:1/y", "\0", "%s%n", "…"),
        Combinators.combine(keys, Arbitraries.strings().ofMaxLength(8))
            .as((key, value) -> key + "=" + value),
        Arbitraries.strings().ofMaxLength(20));
  }
}
