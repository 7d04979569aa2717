package org.sparklstm.run;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.sparklstm.run.RunDirectory.ExistingRun.OVERWRITE;
import static org.sparklstm.run.RunDirectory.ExistingRun.REFUSE;
import static org.sparklstm.run.RunDirectory.ExistingRun.RESUME;
import static org.sparklstm.run.RunDirectoryTest.files;
import static org.sparklstm.run.RunDirectoryTest.open;

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
import org.sparklstm.checkpoint.Best;
import org.sparklstm.checkpoint.Checkpoint;
import org.sparklstm.checkpoint.Run;
import org.sparklstm.engine.LossSum;
import org.sparklstm.error.InputException;
import org.sparklstm.testing.Corpus;
import org.sparklstm.text.Vocabulary;
import org.sparklstm.train.Trained;
import org.sparklstm.train.TrainingState;

class CheckpointStoreTest {
  private static final Vocabulary WORDS = new Vocabulary(List.of("<eos>", "a"));

  @TempDir private Path directory;
  private RunDirectory path;

  @BeforeEach
  void begin() throws IOException {
    path = open(directory, REFUSE);
    path.clear();
  }

  @Test
  void theNewestCheckpointIsTheOneToResume() throws IOException {
    for (int round : List.of(9, 10, 100)) {
      path.checkpoints().save(checkpoint(0, round), 3);
    }
    path.checkpoints().save(checkpoint(1, 0), 3);

    Checkpoint latest = open(directory, RESUME).latest().orElseThrow();

    assertThat(latest.state().epoch()).isEqualTo(1);
    assertThat(latest.state().round()).isZero();
    assertThat(latest.state().parameters()).isEqualTo(checkpoint(1, 0).state().parameters());
    assertThat(latest.run().corpus()).isEqualTo("abc");
  }

  @Test
  void onlyTheNewestAreKept() throws IOException {
    for (int round = 1; round <= 12; round++) {
      path.checkpoints().save(checkpoint(round / 5, round), 2);
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
      path.checkpoints().save(checkpoint(1, 23), 1);
    } finally {
      Locale.setDefault(before);
    }

    assertThat(checkpoints()).containsExactly("epoch-000001-round-000000023.safetensors");
    assertThat(open(directory, RESUME).latest().orElseThrow().state().round()).isEqualTo(23);
  }

  @Test
  void nothingIsLeftUnderATemporaryName() throws IOException {
    path.checkpoints().save(checkpoint(0, 1), 1);

    assertThat(checkpoints()).containsExactly(name(0, 1));
    assertThat(files(directory)).containsExactly("checkpoints");
  }

  @Test
  void whatAKilledRunLeftUnderATemporaryNameIsNeitherReadNorKept() throws IOException {
    path.checkpoints().save(checkpoint(0, 1), 2);
    Files.writeString(file(0, 2).resolveSibling(name(0, 2) + ".tmp"), "half");

    RunDirectory resumed = open(directory, RESUME);
    assertThat(resumed.latest().orElseThrow().state().round()).isEqualTo(1);
    resumed.clear();
    resumed.checkpoints().save(checkpoint(0, 3), 2);

    assertThat(checkpoints()).containsExactly(name(0, 1), name(0, 3));
  }

  @Test
  void damagedCheckpointsArePassedOverForTheOneBefore() throws IOException {
    for (int round = 1; round <= 4; round++) {
      path.checkpoints().save(checkpoint(0, round), 9);
    }
    truncate(0, 4);
    flipABit(0, 3);

    assertThat(open(directory, RESUME).latest().orElseThrow().state().round()).isEqualTo(2);
  }

  @Test
  void anEmptyFileAndAForeignOneArePassedOverToo() throws IOException {
    path.checkpoints().save(checkpoint(0, 1), 9);
    Files.writeString(file(0, 2), "");
    Files.writeString(file(0, 3), "this is no checkpoint");
    Files.createDirectory(file(0, 4));

    assertThat(open(directory, RESUME).latest().orElseThrow().state().round()).isEqualTo(1);
  }

  @Test
  void noCheckpointThatCanBeUsedIsAnErrorWithTheReasonOfTheNewest() throws IOException {
    path.checkpoints().save(checkpoint(0, 1), 9);
    path.checkpoints().save(checkpoint(0, 2), 9);
    truncate(0, 1);
    flipABit(0, 2);

    assertThatThrownBy(() -> open(directory, RESUME).latest())
        .isInstanceOf(InputException.class)
        .hasMessage(
            "Cannot resume: none of the 2 checkpoints in file:%s/checkpoints can be used. The newest:"
                + " damaged: checksum mismatch",
            directory);
  }

  @Test
  void damagedCheckpointsDoNotCountAsTheNewestKept() throws IOException {
    path.checkpoints().save(checkpoint(0, 1), 9);
    path.checkpoints().save(checkpoint(0, 5), 9);
    truncate(0, 5);
    RunDirectory resumed = open(directory, RESUME);
    assertThat(resumed.latest().orElseThrow().state().round()).isEqualTo(1);

    resumed.checkpoints().save(checkpoint(0, 3), 1);

    assertThat(open(directory, RESUME).latest().orElseThrow().state().round()).isEqualTo(3);
  }

  @Test
  void thereIsNothingToResumeInAFreshPathOrWhenOverwriting() throws IOException {
    assertThat(open(directory, RESUME).latest()).isEmpty();
    path.checkpoints().save(checkpoint(0, 1), 9);

    assertThat(open(directory, OVERWRITE).latest()).isEmpty();
    assertThat(open(directory.resolve("other"), RESUME).latest()).isEmpty();
  }

  @Test
  void aDirectoryBesideTheCheckpointsLeftByAnUnfinishedModelIsReplaced() throws IOException {
    Files.createDirectories(directory.resolve("model.tmp/old"));

    Checkpoint end = checkpoint(1, 0);

    path.save(new SavedModel(end.run().settings(), WORDS, end.state().parameters(), Double.NaN));

    assertThat(files(directory)).containsExactly("checkpoints", "model");
    assertThat(directory.resolve("model/old")).doesNotExist();
  }

  static Checkpoint checkpoint(int epoch, int round) {
    return checkpoint(epoch, round, Best.NONE);
  }

  private static Checkpoint checkpoint(int epoch, int round, Best best, String... settings) {
    String[] all = Arrays.copyOf(settings, settings.length + 1);
    all[settings.length] = "cluster.workers=1";
    Checkpoint initial = new Run(Corpus.settings(all), WORDS.size(), "abc").begin();
    float[] parameters = initial.state().parameters().clone();
    parameters[0] = 100 * epoch + round;
    return new Checkpoint(
        initial.run(),
        new TrainingState(
            epoch,
            round,
            new LossSum(round, 10),
            new Trained(parameters, new float[0]),
            initial.state().laneState(),
            initial.state().momenta()),
        best);
  }

  @Test
  void theCheckpointOfTheBestEpochStaysWhereItIsWanted() throws IOException {
    CheckpointStore store = open(directory, OVERWRITE).checkpoints();
    Best second = new Best(1, 120, 0);

    store.save(checkpoint(2, 0, second, "train.keep=best"), 1);
    store.save(checkpoint(3, 0, second, "train.keep=best"), 1);
    store.save(checkpoint(3, 7, second, "train.keep=best"), 1);

    assertThat(file(2, 0)).exists();
    assertThat(file(3, 0)).doesNotExist();
    assertThat(store.parameters(1)).isEqualTo(checkpoint(2, 0).state().parameters());
    assertThatThrownBy(() -> store.parameters(2))
        .isInstanceOf(InputException.class)
        .hasMessageContaining("Cannot resume with train.keep = best");

    store.save(checkpoint(4, 0, new Best(3, 110, 0), "train.keep=best"), 1);
    assertThat(file(2, 0)).doesNotExist();
    store.save(checkpoint(5, 0, new Best(3, 110, 0)), 1);
    assertThat(file(4, 0)).doesNotExist();
  }

  private void truncate(int epoch, int round) throws IOException {
    byte[] bytes = Files.readAllBytes(file(epoch, round));
    Files.write(file(epoch, round), Arrays.copyOf(bytes, bytes.length - 1));
  }

  private void flipABit(int epoch, int round) throws IOException {
    byte[] bytes = Files.readAllBytes(file(epoch, round));
    bytes[bytes.length - 1] ^= 1;
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
