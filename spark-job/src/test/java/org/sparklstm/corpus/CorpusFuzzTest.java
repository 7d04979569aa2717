package org.sparklstm.corpus;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import net.jqwik.api.Arbitraries;
import net.jqwik.api.Arbitrary;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.Provide;
import net.jqwik.api.ShrinkingMode;
import net.jqwik.api.Tuple;
import net.jqwik.api.lifecycle.AfterContainer;
import net.jqwik.api.lifecycle.BeforeContainer;
import org.sparklstm.error.ConfigurationException;
import org.sparklstm.error.InputException;
import org.sparklstm.testing.Corpus;

/** Whatever bytes a corpus is: windows of known words, or an error that names the file. */
class CorpusFuzzTest {
  private static final List<String> NAMES = List.of("train.txt", "valid.txt", "test.txt.gz");
  private static Path directory;

  @BeforeContainer
  static void createDirectory() throws IOException {
    directory = Files.createTempDirectory("fuzz");
  }

  @AfterContainer
  static void deleteDirectory() throws IOException {
    for (String name : NAMES) {
      Files.deleteIfExists(directory.resolve(name));
    }
    Files.delete(directory);
  }

  @Property(shrinking = ShrinkingMode.OFF)
  void windowsOrAnErrorThatNamesTheFile(
      @ForAll("texts") byte[] train,
      @ForAll("texts") byte[] valid,
      @ForAll("compressed") byte[] test)
      throws IOException {
    Files.write(directory.resolve(NAMES.get(0)), train);
    Files.write(directory.resolve(NAMES.get(1)), valid);
    Files.write(directory.resolve(NAMES.get(2)), test);
    try (PreparedCorpus data = Corpus.prepare(directory, 1, "data.window=2")) {
      int words = data.vocabulary().size();
      for (int[] lane : Corpus.lanes(data.train())) {
        assertThat(Arrays.stream(lane)).allMatch(id -> id >= 0 && id < words);
      }
    } catch (InputException | ConfigurationException refused) {
      assertThat(refused.getMessage()).contains(directory.toString());
    }
  }

  @Provide
  Arbitrary<byte[]> texts() {
    Arbitrary<byte[]> words =
        Arbitraries.of(
                "the", "cat", " ", " ", "\n", "\r\n", "\t", "<unk>", "<eos>", "\u2028", "\0", "é",
                "😀")
            .list()
            .ofMaxSize(60)
            .map(list -> String.join("", list).getBytes(StandardCharsets.UTF_8));
    Arbitrary<byte[]> noise = Arbitraries.bytes().array(byte[].class).ofMaxSize(60);
    return Arbitraries.frequencyOf(Tuple.of(6, words), Tuple.of(1, noise));
  }

  @Provide
  Arbitrary<byte[]> compressed() {
    return Arbitraries.frequencyOf(
        Tuple.of(6, texts().map(CorpusFuzzTest::gzip)), Tuple.of(1, texts()));
  }

  private static byte[] gzip(byte[] text) {
    try {
      return Corpus.gzip(new String(text, StandardCharsets.UTF_8));
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}
