package org.sparklstm.corpus;

import static org.apache.spark.sql.functions.array;
import static org.apache.spark.sql.functions.call_udf;
import static org.apache.spark.sql.functions.coalesce;
import static org.apache.spark.sql.functions.col;
import static org.apache.spark.sql.functions.concat;
import static org.apache.spark.sql.functions.concat_ws;
import static org.apache.spark.sql.functions.count;
import static org.apache.spark.sql.functions.element_at;
import static org.apache.spark.sql.functions.exists;
import static org.apache.spark.sql.functions.filter;
import static org.apache.spark.sql.functions.get;
import static org.apache.spark.sql.functions.lit;
import static org.apache.spark.sql.functions.min;
import static org.apache.spark.sql.functions.monotonically_increasing_id;
import static org.apache.spark.sql.functions.not;
import static org.apache.spark.sql.functions.regexp_replace;
import static org.apache.spark.sql.functions.size;
import static org.apache.spark.sql.functions.struct;
import static org.apache.spark.sql.functions.sum;
import static org.apache.spark.sql.functions.transform;
import static org.apache.spark.sql.functions.udf;
import static org.apache.spark.sql.functions.when;
import static org.apache.spark.sql.functions.xxhash64;

import java.util.ArrayList;
import java.util.HexFormat;
import java.util.Iterator;
import java.util.List;
import java.util.Optional;
import java.util.function.Supplier;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import java.util.stream.StreamSupport;
import org.apache.spark.ml.feature.RegexTokenizer;
import org.apache.spark.sql.Column;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.SparkSession;
import org.apache.spark.sql.api.java.UDF1;
import org.apache.spark.sql.types.DataTypes;
import org.apache.spark.storage.StorageLevel;
import org.sparklstm.error.InputException;
import org.sparklstm.text.Normalization;
import org.sparklstm.text.Vocabulary;
import org.sparklstm.text.WhiteSpace;

/**
 * The texts of a run, cut into words. Spark keeps the words until this is closed.
 *
 * @param test empty: the model is not tested
 */
public record Texts(Text train, Text valid, Optional<Text> test) implements AutoCloseable {
  static final String TOKENS = "tokens";

  private static final String END = Vocabulary.END_OF_SENTENCE;

  /**
   * A text.
   *
   * @param name for messages: a file, or what the rows are
   * @param tokens columns position (bigint), which orders the rows, tokens (array of string), and
   *     what the text was checked by
   * @param digest number of the rows and a hash of them all, which finds accidental changes
   * @param length words and line ends
   */
  public record Text(String name, Dataset<Row> tokens, String digest, long length) {

    /** The words and line ends in the order of the text, read piece by piece. */
    public Iterator<String> words() {
      Iterator<Row> rows = tokens.orderBy("position").toLocalIterator();
      Iterable<Row> all = () -> rows;
      return StreamSupport.stream(all.spliterator(), false)
          .flatMap(row -> row.<String>getList(1).stream())
          .iterator();
    }
  }

  /**
   * The texts in a directory of any Hadoop file system: {@code train.txt}, {@code valid.txt} and
   * {@code test.txt}, or what else {@link CorpusReader#find} finds.
   *
   * @param normalization of the lines before they are cut into words
   * @throws InputException naming the file that cannot be used
   */
  public static Texts ofFiles(SparkSession spark, String directory, Normalization normalization) {
    CorpusReader reader = new CorpusReader(spark, directory);
    CorpusReader.Source train = reader.find("train");
    CorpusReader.Source valid = reader.find("valid");
    CorpusReader.Source test = reader.find("test");
    return read(
        () -> ofFile(reader, train, normalization),
        () -> ofFile(reader, valid, normalization),
        () -> ofFile(reader, test, normalization));
  }

  /** Reads training, validation and perhaps test text, in this order; keeps all of them or none. */
  @SafeVarargs
  private static Texts read(Supplier<Text>... parts) {
    List<Text> read = new ArrayList<>();
    try {
      for (Supplier<Text> part : parts) {
        read.add(part.get());
      }
      return new Texts(read.get(0), read.get(1), read.stream().skip(2).findFirst());
    } catch (Throwable e) { // Scala throws what it does not declare
      read.forEach(text -> text.tokens().unpersist());
      throw e;
    }
  }

  /**
   * One text, of which {@link Text#words} then gives the words. Spark keeps its words until its
   * tokens are unpersisted.
   *
   * @param uri a file, or a directory of part files, on any Hadoop file system
   * @param normalization of its lines before they are cut into words
   * @throws InputException if it cannot be used
   */
  public static Text ofFile(SparkSession spark, String uri, Normalization normalization) {
    CorpusReader reader = new CorpusReader(spark, uri);
    return ofFile(reader, reader.whole(), normalization);
  }

  private static Text ofFile(
      CorpusReader reader, CorpusReader.Source source, Normalization normalization) {
    return text(
        source.path().toString(),
        tokens(reader.rows(source), normalization),
        (position, fault) -> reader.fault(source, position, fault));
  }

  /** Makes an error of the position of a row, and what is wrong with it. */
  private interface Fault {
    InputException error(long position, String fault);
  }

  /**
   * Reads a text to its end, keeps its words and counts them.
   *
   * @param tokens (position, tokens, hash, fault): of each row, and what is wrong with it or null
   */
  private static Text text(String name, Dataset<Row> tokens, Fault fault) {
    tokens.persist(StorageLevel.MEMORY_AND_DISK()); // else each pass would read and split
    try {
      Row found =
          tokens
              .agg(
                  count(lit(1)),
                  coalesce(call_udf("bit_xor", col("hash")), lit(0L)),
                  coalesce(sum(size(col(TOKENS))), lit(0L)),
                  min(when(col("fault").isNotNull(), struct("position", "fault"))))
              .head();
      if (!found.isNullAt(3)) {
        Row first = found.getStruct(3);
        throw fault.error(first.getLong(0), first.getString(1));
      }
      String digest = found.getLong(0) + ":" + HexFormat.of().toHexDigits(found.getLong(1));
      return new Text(name, tokens, digest, found.getLong(2));
    } catch (Throwable e) { // Scala throws what it does not declare
      tokens.unpersist();
      throw e;
    }
  }

  /**
   * Texts in a column of rows, in the order of the rows. It is a string, of which each line ends
   * with {@code <eos>}, or an array of words. A text without words is left out.
   *
   * @param train rows that are the same whenever they are computed
   * @param normalization of texts before they are cut into words; it cuts arrays anew
   */
  public static Texts ofColumns(
      Dataset<Row> train, Dataset<Row> valid, String column, Normalization normalization) {
    return read(
        () -> ofColumn("the training rows", train, column, normalization),
        () -> ofColumn("the validation rows", valid, column, normalization));
  }

  private static Text ofColumn(
      String name, Dataset<Row> rows, String column, Normalization normalization) {
    Dataset<Row> texts =
        rows.select(monotonically_increasing_id().as("position"), rows.col(column).as("text"))
            .where(col("text").isNotNull());
    boolean isString = texts.schema().apply("text").dataType().equals(DataTypes.StringType);
    Column array = transform(col("text"), word -> coalesce(word, lit(Vocabulary.UNKNOWN)));
    Column text = normalized(isString ? col("text") : concat_ws(" ", array), normalization);
    Dataset<Row> words =
        isString || normalization != Normalization.NONE
            ? words(texts, regexp_replace(text, "\n", " " + END + " "))
            : texts.select(col("position"), array.as("words"));
    Column ended = element_at(col("words"), -1).equalTo(END);
    Column noWord =
        get(filter(col(TOKENS), word -> word.rlike("^$|" + WhiteSpace.PATTERN)), lit(0));
    return text(
        name,
        words
            .where(exists(col("words"), word -> word.notEqual(END)))
            .select(col("position"), ended(not(ended)).as(TOKENS))
            .select(
                col("position"),
                col(TOKENS),
                xxhash64(col("position"), col(TOKENS)).as("hash"),
                noWord.as("fault")),
        (position, word) ->
            new InputException(
                "Cannot read %s: '%s' of column %s is no word, it is empty or has white space"
                    .formatted(name, word, column)));
  }

  private static Column normalized(Column text, Normalization normalization) {
    if (normalization == Normalization.NONE) {
      return text;
    }
    UDF1<String, String> normal = normalization::apply;
    return udf(normal, DataTypes.StringType).apply(text);
  }

  /** Splits the text of rows into words: (position, …, words). */
  private static Dataset<Row> words(Dataset<Row> rows, Column text) {
    return new RegexTokenizer()
        .setInputCol("cut")
        .setOutputCol("words")
        .setPattern(WhiteSpace.PATTERN)
        .setToLowercase(false)
        .transform(rows.withColumn("cut", text));
  }

  /** The words of a row, with {@code <eos>} behind them where a line ends. */
  private static Column ended(Column ends) {
    return when(ends, concat(col("words"), array(lit(END)))).otherwise(col("words"));
  }

  /** The words of {@link CorpusReader#rows}, and {@code <eos>} for each line end. */
  static Dataset<Row> tokens(Dataset<Row> rows, Normalization normalization) {
    Column line = coalesce(col("line"), lit("")); // null if it is not text
    return words(rows, normalized(line, normalization))
        .select(
            col("position"),
            ended(col("ends")).as(TOKENS),
            when(col("ends"), xxhash64(col("position"), col("line")))
                .otherwise(xxhash64(col("position"), col("line"), col("ends")))
                .as("hash"),
            col("fault"));
  }

  /** Of all lines and their positions, wherever they are stored, compressed or not. */
  String digest() {
    return all().map(Text::digest).collect(Collectors.joining(", "));
  }

  private Stream<Text> all() {
    return Stream.concat(Stream.of(train, valid), test.stream());
  }

  /** Spark lets go of the words. */
  @Override
  public void close() {
    all().forEach(text -> text.tokens().unpersist());
  }
}
