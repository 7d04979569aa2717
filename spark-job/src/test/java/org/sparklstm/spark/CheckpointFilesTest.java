package org.sparklstm.spark;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.sparklstm.spark.SavePath.Earlier.OVERWRITE;
import static org.sparklstm.spark.SavePath.Earlier.REFUSE;
import static org.sparklstm.spark.SavePath.Earlier.RESUME;
import static org.sparklstm.spark.SavePathTest.files;
import static org.sparklstm.spark.SavePathTest.open;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.sparklstm.engine.LossSum;
import org.sparklstm.text.Vocabulary;
import org.sparklstm.train.Checkpoint;

class CheckpointFilesTest {
  private static final Vocabulary WORDS = new Vocabulary(List.of("<eos>", "a"));

  @TempDir private Path directory;
  private SavePath path;

  @BeforeEach
  void begin() throws IOException {
    path = open(directory, REFUSE);
    path.begin();
  }

  @Test
  void theNewestCheckpointIsTheOneToResume() throws IOException {
    for (int round : List.of(9, 10, 100)) {
      path.save(checkpoint(0, round), 3);
    }
    path.save(checkpoint(1, 0), 3);

    Checkpoint latest = open(directory, RESUME).latest().orElseThrow();

    assertThat(latest.epoch()).isEqualTo(1);
    assertThat(latest.round()).isZero();
    assertThat(latest.parameters()).isEqualTo(checkpoint(1, 0).parameters());
    assertThat(latest.corpus()).isEqualTo("abc");
  }

  @Test
  void onlyTheNewestAreKept() throws IOException {
    for (int round = 1; round <= 12; round++) {
      path.save(checkpoint(round / 5, round), 2);
    }

    assertThat(checkpoints()).containsExactly(name(2, 11), name(2, 12));
  }

  @ParameterizedTest
  @ValueSource(strings = {"ar-EG", "fa-IR", "mr-IN", "th-TH-u-nu-thai"})
  void namesHaveTheSameDigitsInEveryLocale(String locale) throws IOException {
    Locale before = Locale.getDefault();
    Locale.setDefault(Locale.forLanguageTag(locale));
    try {
      assertThat("%s".formatted(String.format(Locale.getDefault(), "%d", 1))).isNotEqualTo("1");
      path.save(checkpoint(1, 23), 1);
    } finally {
      Locale.setDefault(before);
    }

    assertThat(checkpoints()).containsExactly("epoch-000001-round-000000023.safetensors");
    assertThat(open(directory, RESUME).latest().orElseThrow().round()).isEqualTo(23);
  }

  @Test
  void nothingIsLeftUnderATemporaryName() throws IOException {
    path.save(checkpoint(0, 1), 1);

    assertThat(checkpoints()).containsExactly(name(0, 1));
    assertThat(files(directory)).containsExactly("checkpoints");
  }

  @Test
  void whatAKilledRunLeftUnderATemporaryNameIsNeitherReadNorKept() throws IOException {
    path.save(checkpoint(0, 1), 2);
    Files.writeString(file(0, 2).resolveSibling(name(0, 2) + ".tmp"), "half");

    SavePath resumed = open(directory, RESUME);
    assertThat(resumed.latest().orElseThrow().round()).isEqualTo(1);
    resumed.begin();
    resumed.save(checkpoint(0, 3), 2);

    assertThat(checkpoints()).containsExactly(name(0, 1), name(0, 3));
  }

  @Test
  void damagedCheckpointsArePassedOverForTheOneBefore() throws IOException {
    for (int round = 1; round <= 4; round++) {
      path.save(checkpoint(0, round), 9);
    }
    truncate(0, 4);
    flipABit(0, 3);

    assertThat(open(directory, RESUME).latest().orElseThrow().round()).isEqualTo(2);
  }

  @Test
  void anEmptyFileAndAForeignOneArePassedOverToo() throws IOException {
    path.save(checkpoint(0, 1), 9);
    Files.writeString(file(0, 2), "");
    Files.writeString(file(0, 3), "this is no checkpoint");
    Files.createDirectory(file(0, 4));

    assertThat(open(directory, RESUME).latest().orElseThrow().round()).isEqualTo(1);
  }

  @Test
  void noWholeCheckpointIsAnError() throws IOException {
    path.save(checkpoint(0, 1), 9);
    path.save(checkpoint(0, 2), 9);
    truncate(0, 1);
    flipABit(0, 2);

    assertThatThrownBy(() -> open(directory, RESUME).latest())
        .isInstanceOf(InputException.class)
        .hasMessage(
            "Cannot resume: none of the 2 checkpoints in file:%s/checkpoints is whole", directory);
  }

  @Test
  void damagedCheckpointsDoNotCountAsTheNewestKept() throws IOException {
    path.save(checkpoint(0, 1), 9);
    path.save(checkpoint(0, 5), 9);
    truncate(0, 5);
    SavePath resumed = open(directory, RESUME);
    assertThat(resumed.latest().orElseThrow().round()).isEqualTo(1);

    resumed.save(checkpoint(0, 3), 1);

    assertThat(open(directory, RESUME).latest().orElseThrow().round()).isEqualTo(3);
  }

  @Test
  void thereIsNothingToResumeInAFreshPathOrWhenOverwriting() throws IOException {
    assertThat(open(directory, RESUME).latest()).isEmpty();
    path.save(checkpoint(0, 1), 9);

    assertThat(open(directory, OVERWRITE).latest()).isEmpty();
    assertThat(open(directory.resolve("other"), RESUME).latest()).isEmpty();
  }

  @Test
  void aDirectoryBesideTheCheckpointsLeftByAnUnfinishedModelIsReplaced() throws IOException {
    Files.createDirectories(directory.resolve("model.tmp/old"));

    ModelFiles.save(path, checkpoint(1, 0), WORDS);

    assertThat(files(directory)).containsExactly("checkpoints", "model");
    assertThat(directory.resolve("model/old")).doesNotExist();
  }

  private static Checkpoint checkpoint(int epoch, int round) {
    Checkpoint initial =
        Checkpoint.initial(Corpus.settings("cluster.workers=1"), WORDS.size(), "abc");
    float[] parameters = initial.parameters().clone();
    parameters[0] = 100 * epoch + round;
    Checkpoint state = initial;
    for (int e = 0; e < epoch; e++) {
      state = state.nextEpoch();
    }
    return state.after(round, new LossSum(round, 10), parameters, initial.laneState());
  }

  private void truncate(int epoch, int round) throws IOException {
    byte[] bytes = Files.readAllBytes(file(epoch, round));
    Files.write(file(epoch, round), Arrays.copyOf(bytes, bytes.length - 1));
  }

  private void flipABit(int epoch, int round) throws IOException {
    byte[] bytes = Files.readAllBytes(file(epoch, round));
    bytes[bytes.length / 2] ^= 1;
    Files.write(file(epoch, round), bytes);
  }

  private Path file(int epoch, int round) {
    return directory.resolve("checkpoints").resolve(name(epoch, round));
  }

  private static String name(int epoch, int round) {
    return String.format(Locale.ROOT, "epoch-%06d-round-%09d.safetensors", epoch, round);
  }

  private List<String> checkpoints() throws IOException {
    return files(directory.resolve("checkpoints"));
  }
}
