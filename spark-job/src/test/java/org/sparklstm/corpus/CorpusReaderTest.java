package org.sparklstm.corpus;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.stream.IntStream;
import org.apache.hadoop.conf.Configuration;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.SparkSession;
import org.apache.spark.sql.functions;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.sparklstm.testing.Corpus;
import org.sparklstm.testing.LocalSpark;
import org.sparklstm.text.Normalization;
import org.sparklstm.text.WhiteSpace;

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
        "the\u001Ccat\u001Dsat\u001Eon\u001Fthe mat\n", // the separators of ASCII
      })
  void anyLineEndsAndSpacesGiveTheWordsOfTheSerialReference(String text) throws IOException {
    Files.writeString(directory.resolve("train.txt"), text);

    assertThat(words(directory)).isEqualTo(Corpus.tokens(text));
  }

  @Test
  void caseIsKeptAndEveryUnicodeSpaceSeparates() throws IOException {
    Files.writeString(directory.resolve("train.txt"), "The\u00A0CAT\u3000 the\r\n\nend");

    assertThat(words(directory)).containsExactly("The", "CAT", "the", "<eos>", "<eos>", "end");
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

      CorpusReader.Source source =
          new CorpusReader(LocalSpark.session(), directory.toString()).find("train");
      assertThat(source.path().getName()).isEqualTo(name);
    }
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "a,b",
        "a b",
        "a[1]",
        "a{b",
        "{a,b}",
        "a*",
        "a?",
        "a:b",
        "2021-01-11-09:23:11",
        "a%20b",
        "ü\\b",
        "a\\*,"
      })
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

  @Test
  void wordsAreSeparatedWherePythonSplits() throws IOException {
    StringBuilder text = new StringBuilder();
    for (int c = ' '; c <= Character.MAX_CODE_POINT; c++) {
      if (Character.getType(c) != Character.SURROGATE) {
        text.append('a').appendCodePoint(c).append("b ");
      }
    }
    for (String control :
        List.of("\t", "\u000B", "\f", "\r", "\u001C", "\u001D", "\u001E", "\u001F")) {
      text.append('a').append(control).append("b ");
    }
    Files.writeString(directory.resolve("train.txt"), text);

    // python3 -c 'print([hex(c) for c in range(0x110000) if chr(c).isspace()])': all 29 without
    // "\n"
    assertThat(words(directory).stream().filter("a"::equals)).hasSize(28);
    assertThat(IntStream.rangeClosed(0, Character.MAX_CODE_POINT).filter(WhiteSpace::is).boxed())
        .containsExactly(
            0x9, 0xa, 0xb, 0xc, 0xd, 0x1c, 0x1d, 0x1e, 0x1f, 0x20, 0x85, 0xa0, 0x1680, 0x2000,
            0x2001, 0x2002, 0x2003, 0x2004, 0x2005, 0x2006, 0x2007, 0x2008, 0x2009, 0x200a, 0x2028,
            0x2029, 0x202f, 0x205f, 0x3000);
  }

  @Test
  void aDirectoryOfPartFilesIsReadInTheOrderOfTheirNames() throws IOException {
    Path train = Files.createDirectory(directory.resolve("train.txt"));
    Files.write(train.resolve("part-00002.gz"), Corpus.gzip("on the\nmat"));
    Files.writeString(train.resolve("part-00000"), "\uFEFFthe cat\n");
    Files.writeString(train.resolve("part-00001"), "");
    Files.writeString(train.resolve("part:00001b"), "sat\nand lay\n");
    Files.writeString(train.resolve("part-00003"), "ran\n");
    Files.writeString(train.resolve("_SUCCESS"), "");
    Files.writeString(train.resolve(".part-00000.crc"), "not text \0");
    Files.createDirectory(train.resolve("_temporary"));

    List<String> expected =
        List.of(
            "the", "cat", "<eos>", "on", "the", "<eos>", "mat", "ran", "<eos>", "sat", "<eos>",
            "and", "lay", "<eos>");
    assertThat(words(directory)).isEqualTo(expected);
    withSplits(4, () -> assertThat(words(directory)).isEqualTo(expected));
  }

  @Test
  void theDigestCoversAllPartFiles() throws IOException {
    Path train = Files.createDirectory(directory.resolve("train.txt"));
    Files.writeString(train.resolve("part-0"), "the cat\n");
    Path last = Files.writeString(train.resolve("part-1"), "sat\n");
    String digest = digest(directory);

    Files.writeString(last, "ran\n");
    assertThat(digest(directory)).isNotEqualTo(digest);
    Files.writeString(last, "sat"); // without its line end
    assertThat(digest(directory)).isNotEqualTo(digest);
    Files.writeString(last, "sat\n");
    assertThat(digest(directory)).isEqualTo(digest);
  }

  @ParameterizedTest(name = "white space {0}")
  @ValueSource(strings = {" ", "\u00A0", "\u3000"})
  void aLongLineIsCutAtWhiteSpaceIntoRowsOfAnOrdinaryLength(String space) throws IOException {
    StringBuilder line = new StringBuilder();
    for (int word = 0; line.length() < 600_000; word++) {
      line.append("wörd").append(word % 977).append(space);
    }
    line.append("x".repeat(200_000)).append(space); // longer than a row
    String text = "the cat\n" + line + "\n" + line + "end";
    Files.writeString(directory.resolve("train.txt"), text);
    String digest = digest(directory);
    CorpusReader reader = new CorpusReader(LocalSpark.session(), directory.toString());

    Dataset<Row> rows = reader.rows(reader.find("train"));
    int longest =
        rows.select(functions.max(functions.length(functions.col("line")))).head().getInt(0);
    assertThat(longest).isBetween(200_000, 262_144);
    assertThat(rows.where("ends").count()).isEqualTo(2);
    assertThat(words(directory)).isEqualTo(Corpus.tokens(text));
    withSplits(
        100_000,
        () -> {
          assertThat(digest(directory)).isEqualTo(digest);
          assertThat(words(directory)).isEqualTo(Corpus.tokens(text));
        });
  }

  private static String digest(Path directory) {
    SparkSession spark = LocalSpark.session();
    CorpusReader reader = new CorpusReader(spark, directory.toString());
    String train = reader.find("train").path().toString();
    Texts.Text text = Texts.ofFile(spark, train, Normalization.NONE);
    text.tokens().unpersist();
    return text.digest();
  }

  private static List<String> words(Path directory) {
    CorpusReader reader = new CorpusReader(LocalSpark.session(), directory.toString());
    Dataset<Row> tokens = Texts.tokens(reader.rows(reader.find("train")), Normalization.NONE);
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
