package org.sparklstm.it;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;

/** The first lines of the Austen corpus, and the settings of a network small enough for them. */
final class SmallCorpus {
  /** A run of two epochs with several rounds each, dropout included. */
  static final List<String> SETTINGS =
      List.of(
          "--set", "model.layers=1",
          "--set", "model.hidden-size=8",
          "--set", "model.keep-probability=0.7",
          "--set", "vocabulary.size=150",
          "--set", "data.lanes=4",
          "--set", "data.window=6",
          "--set", "train.epochs=2",
          "--set", "averaging.period=4",
          "--set", "checkpoint.every-rounds=2");

  private SmallCorpus() {}

  static Path write(Path directory) throws IOException {
    Files.createDirectories(directory);
    Path austen = Path.of("..", "data", "austen");
    for (String part : List.of("train", "valid", "test")) {
      try (Stream<String> lines = Files.lines(austen.resolve(part + ".txt"))) {
        Files.write(
            directory.resolve(part + ".txt"), lines.limit(part.equals("train") ? 60 : 12).toList());
      }
    }
    return directory;
  }
}
