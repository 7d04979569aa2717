package org.sparklstm.config;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.sparklstm.error.ConfigurationException;

class SettingsFileTest {

  @Test
  void fileWinsOverPresetAndSetWinsOverFile(@TempDir Path folder) throws IOException {
    Path file = file(folder, "data.window = 7, model.hidden-size = 8");

    Settings settings = SettingsLoader.load("large", file, List.of("model.hidden-size=9"));

    assertThat(settings.data().lanes()).describedAs("from reference.conf").isEqualTo(20);
    assertThat(settings.train().epochs()).describedAs("from the preset").isEqualTo(55);
    assertThat(settings.data().window()).describedAs("from the file").isEqualTo(7);
    assertThat(settings.model().hiddenSizes()).describedAs("from --set").containsExactly(9, 9);
  }

  @Test
  void unknownKeyOfAFileIsNamedWithFileAndLine(@TempDir Path folder) throws IOException {
    Path file = file(folder, "data.window = 7\n\nmodel {\n  hiddensize = 8\n}\n");

    assertThatThrownBy(() -> SettingsLoader.load("small", file, List.of()))
        .isInstanceOf(ConfigurationException.class)
        .hasMessage(file + ": 4: unknown key model.hiddensize, did you mean model.hidden-size?");
  }

  @Test
  void wrongValueOfAFileIsNamedWithFileAndLine(@TempDir Path folder) throws IOException {
    Path file = file(folder, "data.window = 7\ntrain.epochs = 0\n");

    assertThatThrownBy(() -> SettingsLoader.load("small", file, List.of()))
        .isInstanceOf(ConfigurationException.class)
        .hasMessage(file + ": 2: train.epochs must be at least 1, is 0");
  }

  @Test
  void fileThatIsNotHoconIsNamedWithTheLine(@TempDir Path folder) throws IOException {
    Path file = file(folder, "model {\n  layers = ]\n}\n");

    assertThatThrownBy(() -> SettingsLoader.load("small", file, List.of()))
        .isInstanceOf(ConfigurationException.class)
        .hasMessageStartingWith(file + ": 2: ");
  }

  @Test
  void missingFileIsNamed(@TempDir Path folder) {
    Path file = folder.resolve("none.conf");

    assertThatThrownBy(() -> SettingsLoader.load("small", file, List.of()))
        .isInstanceOf(ConfigurationException.class)
        .hasMessage("Cannot read configuration file " + file);
  }

  private static Path file(Path folder, String text) throws IOException {
    return Files.writeString(folder.resolve("my.conf"), text);
  }
}
