package org.sparklstm.corpus;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.sparklstm.testing.Corpus;
import org.sparklstm.text.LaneShard;

class PreparedCorpusTest {
  @TempDir private Path directory;

  @ParameterizedTest(name = "{0} workers")
  @ValueSource(ints = {1, 2, 3, 4})
  void shardsOfAnyNumberOfWorkersAreTheLanesOfTheSerialReference(int workers) throws IOException {
    Corpus.write(directory);
    List<String> words = Corpus.vocabulary(Corpus.TRAIN);

    try (PreparedCorpus data =
        Corpus.prepare(directory, workers, "data.lanes=4", "data.window=1")) {
      List<LaneShard> train = Corpus.shards(data.train());
      assertThat(data.vocabulary().words()).isEqualTo(words);
      assertThat(data.windows()).isEqualTo(3);
      assertThat(train).hasSize(workers);
      for (int worker = 0; worker < workers; worker++) {
        assertThat(train.get(worker).firstLane()).isEqualTo(data.assignment().firstLane(worker));
        assertThat(train.get(worker).lanes()).isEqualTo(data.assignment().lanesOf(worker));
      }
      assertThat(Corpus.lanes(data.train()))
          .isDeepEqualTo(Corpus.lanes(Corpus.TRAIN, words, 4, 1, false));
      assertThat(Corpus.lanes(data.valid()))
          .isDeepEqualTo(Corpus.lanes(Corpus.VALID, words, 4, 1, false));
    }
  }

  @Test
  void theTestTextIsOneLaneDownToItsLastToken() throws IOException {
    String test = Corpus.TEST.repeat(30);
    Corpus.write(directory, "", Corpus.TRAIN, Corpus.VALID, test);
    List<String> words = Corpus.vocabulary(Corpus.TRAIN);

    try (PreparedCorpus data = Corpus.prepare(directory, 2)) {
      List<LaneShard> shards = Corpus.shards(data.test().orElseThrow());
      assertThat(shards).hasSize(1);
      assertThat(shards.get(0).tokens()).isDeepEqualTo(Corpus.lanes(test, words, 1, 1, true));
      assertThat(shards.get(0).windows()).isEqualTo(4);
    }
  }

  @Test
  void filesMayBeCompressed() throws IOException {
    Files.write(directory.resolve("train.txt.gz"), Corpus.gzip(Corpus.TRAIN));
    Files.write(directory.resolve("ptb.valid.txt.gz"), Corpus.gzip(Corpus.VALID));
    Files.writeString(directory.resolve("test.txt"), Corpus.TEST);
    List<String> words = Corpus.vocabulary(Corpus.TRAIN);

    try (PreparedCorpus data = Corpus.prepare(directory, 2)) {
      assertThat(Corpus.lanes(data.train()))
          .isDeepEqualTo(Corpus.lanes(Corpus.TRAIN, words, 2, 2, false));
      assertThat(Corpus.lanes(data.valid()))
          .isDeepEqualTo(Corpus.lanes(Corpus.VALID, words, 2, 2, false));
    }
  }

  @Test
  void wordsOfValidationAndTestOutsideTheVocabularyCountAsUnknown() throws IOException {
    Corpus.write(directory, "", "<unk> " + Corpus.TRAIN, "the zebra ran\nfar off\n", Corpus.TEST);

    try (PreparedCorpus data = Corpus.prepare(directory, 1)) {
      int unknown = data.vocabulary().id("<unk>").orElseThrow();
      assertThat(Corpus.lanes(data.valid())[0])
          .containsExactly(
              data.vocabulary().id("the").orElseThrow(),
              unknown,
              data.vocabulary().id("ran").orElseThrow());
    }
  }

  @Test
  void wordsSeenOnceStandForUnknownWordsIfTheTrainingTextHasNone() throws IOException {
    Corpus.write(directory, "", Corpus.TRAIN, "the zebra ran\nfar off\n", Corpus.TEST);

    try (PreparedCorpus data = Corpus.prepare(directory, 1, "vocabulary.min-count=auto")) {
      assertThat(data.vocabulary().words())
          .containsExactly("the", "<eos>", "<unk>", "cat", "on", "sat"); // <unk>: dog mat ran
      assertThat(Corpus.lanes(data.valid())[0]).containsExactly(0, 2, 2);
    }
  }

  @Test
  void theSizeThatTheErrorNamesWorks() throws IOException {
    Corpus.write(directory, "", "a a b b c c\n\n", "a zebra b\na b c\n", "a b\n");

    assertThatThrownBy(() -> Corpus.prepare(directory, 1, "vocabulary.min-count=auto"))
        .hasMessageContaining("of its 4 words, vocabulary.size = 3 makes the rarest <unk>");
    Corpus.prepare(directory, 1, "vocabulary.min-count=auto", "vocabulary.size=3").close();
  }

  @Test
  void aTextWithoutLineEndsHasNoEndsOfSentences() throws IOException {
    Corpus.write(directory, "", "a b a b a b a b", "a b a b a b", "a b a b");

    try (PreparedCorpus data = Corpus.prepare(directory, 2)) {
      assertThat(data.vocabulary().words()).containsExactly("a", "b");
    }
  }

  @Test
  void austenCorpusHasItsTenThousandWordsAndAllWindows() {
    try (PreparedCorpus data =
        Corpus.prepare(Path.of("..", "data", "austen"), 2, "data.lanes=20", "data.window=20")) {
      assertThat(data.vocabulary().size()).isEqualTo(10_000);
      assertThat(data.windows()).isEqualTo((612_027 / 20 - 1) / 20);
      assertThat(Corpus.shards(data.train()))
          .allSatisfy(shard -> assertThat(shard.windows()).isEqualTo(data.windows()))
          .extracting(LaneShard::lanes)
          .containsExactly(10, 10);
      assertThat(data.bytesInMemory()) // of all three parts, but for what does not fill a lane
          .isBetween(4L * (612_000 + 31_000 + 33_000), 4L * (613_000 + 32_000 + 35_000));
    }
  }
}
