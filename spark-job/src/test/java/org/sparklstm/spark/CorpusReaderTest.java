package org.sparklstm.spark;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import org.apache.hadoop.conf.Configuration;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Row;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class CorpusReaderTest {
  @TempDir private Path directory;

  @ParameterizedTest(name = "[{index}]")
  @ValueSource(
      strings = {
        "the cat sat\r\non the mat\r\n\r\nthe cat ran\r\n", // Windows
        "the cat\n\n\n  \nsat on\n\t\nthe mat\n\n", // blank lines
        "the cat sat\non the mat\nthe cat ran", // no final newline
        "the\u00A0cat\u2003sat\u3000on\nthe\u0085mat\u2028ran\u000Bcat\u1680dog\n",
        "The CAT the cat İstanbul ıstanbul STRASSE straße\nThe CAT\n", // case
        "zero\u200Bwidth is no space\nnor is\u2060this one\n",
        "the 𝄞 cat\nthe е́ e\u0301 é mat 𝄞\n",
        "<eos> the <unk> N $ 's n't\nthe <eos> <unk>\n",
      })
  void anyLineEndsAndSpacesGiveTheWordsOfTheSerialReference(String text) throws IOException {
    Files.writeString(directory.resolve("train.txt"), text);

    assertThat(words(directory)).isEqualTo(Corpus.tokens(text));
  }

  @Test
  void caseIsKeptAndEveryUnicodeSpaceSeparates() throws IOException {
    Files.writeString(directory.resolve("train.txt"), "The\u00A0CAT\u3000 the\r\n\nend");

    assertThat(words(directory))
        .containsExactly("The", "CAT", "the", "<eos>", "<eos>", "end", "<eos>");
  }

  @ParameterizedTest(name = "splits of {0} bytes")
  @ValueSource(ints = {3, 8, 64})
  void anyFileSplitsGiveTheWordsOfTheSerialReference(int bytes) throws IOException {
    String text = "the cät sat\r\n\non the mat\n\n\nthe 𝄞 " + "and a long line ".repeat(3) + "\n.";
    Files.writeString(directory.resolve("train.txt"), text);

    withSplits(bytes, () -> assertThat(words(directory)).isEqualTo(Corpus.tokens(text)));
  }

  @Test
  void aByteOrderMarkIsNoPartOfTheFirstWord() throws IOException {
    Files.writeString(directory.resolve("train.txt"), "\uFEFFthe cat\n");

    assertThat(words(directory)).containsExactly("the", "cat", "<eos>");
  }

  @ParameterizedTest
  @ValueSource(strings = {"train.txt.gz", "ptb.train.txt.gz"})
  void filesMayBeCompressed(String name) throws IOException {
    Files.write(directory.resolve(name), Corpus.gzip(Corpus.TRAIN));

    assertThat(words(directory)).isEqualTo(Corpus.tokens(Corpus.TRAIN));
  }

  @Test
  void thePlainNameGoesBeforeThatOfThePennTreebankAndTextBeforeGzip() throws IOException {
    for (String name : List.of("ptb.train.txt.gz", "train.txt.gz", "ptb.train.txt", "train.txt")) {
      Files.writeString(directory.resolve(name), "x");

      org.apache.hadoop.fs.Path file =
          new CorpusReader(LocalSpark.session(), directory.toString()).file("train");
      assertThat(file.getName()).isEqualTo(name);
    }
  }

  @ParameterizedTest
  @ValueSource(
      strings = {"a,b", "a b", "a[1]", "a{b", "{a,b}", "a*", "a?", "a%20b", "ü\\b", "a\\*,"})
  void theDirectoryMayHaveAnyName(String name) throws IOException {
    Path strange = Files.createDirectory(directory.resolve(name));
    Files.writeString(strange.resolve("train.txt"), Corpus.TRAIN);

    assertThat(words(strange)).isEqualTo(Corpus.tokens(Corpus.TRAIN));
  }

  @Test
  void theDigestIsOfTheLinesAndTheirOrderHoweverTheyAreStored() throws IOException {
    Files.writeString(directory.resolve("train.txt"), Corpus.TRAIN);
    String digest = digest(directory);
    Path zipped = Files.createDirectory(directory.resolve("zipped"));
    Files.write(zipped.resolve("train.txt.gz"), Corpus.gzip(Corpus.TRAIN));
    Path other = Files.createDirectory(directory.resolve("other"));
    List<String> reversed = new ArrayList<>(Corpus.TRAIN.lines().toList());
    Collections.reverse(reversed);
    Files.write(other.resolve("train.txt"), reversed);

    assertThat(digest).matches("4:[0-9a-f]{16}");
    assertThat(digest(zipped)).isEqualTo(digest);
    withSplits(7, () -> assertThat(digest(directory)).isEqualTo(digest));
    assertThat(digest(other)).isNotEqualTo(digest);
  }

  private static String digest(Path directory) {
    CorpusReader reader = new CorpusReader(LocalSpark.session(), directory.toString());
    return reader.read(reader.file("train")).digest();
  }

  private static List<String> words(Path directory) {
    CorpusReader reader = new CorpusReader(LocalSpark.session(), directory.toString());
    Dataset<Row> tokens = TrainingData.tokens(reader.read(reader.file("train")).lines());
    return tokens.orderBy("position").select("tokens").collectAsList().stream()
        .flatMap(row -> row.<String>getList(0).stream())
        .toList();
  }

  /** Runs a check with files cut into parts of so many bytes. */
  static void withSplits(int bytes, Runnable check) {
    Configuration hadoop = LocalSpark.session().sparkContext().hadoopConfiguration();
    hadoop.setInt("mapreduce.input.fileinputformat.split.maxsize", bytes);
    try {
      check.run();
    } finally {
      hadoop.unset("mapreduce.input.fileinputformat.split.maxsize");
    }
  }
}
