package org.sparklstm.spark;

import static org.apache.spark.sql.functions.col;
import static org.apache.spark.sql.functions.count;
import static org.apache.spark.sql.functions.expr;
import static org.apache.spark.sql.functions.lit;
import static org.apache.spark.sql.functions.min;
import static org.apache.spark.sql.functions.when;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.util.List;
import org.apache.hadoop.conf.Configuration;
import org.apache.hadoop.fs.FileStatus;
import org.apache.hadoop.fs.FileSystem;
import org.apache.hadoop.fs.Path;
import org.apache.hadoop.io.LongWritable;
import org.apache.hadoop.io.Text;
import org.apache.hadoop.mapreduce.lib.input.FileInputFormat;
import org.apache.hadoop.mapreduce.lib.input.TextInputFormat;
import org.apache.hadoop.util.StringUtils;
import org.apache.spark.api.java.JavaRDD;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.RowFactory;
import org.apache.spark.sql.SparkSession;
import org.apache.spark.sql.types.DataTypes;
import org.apache.spark.sql.types.StructType;

/** The three parts of a corpus in one directory of any Hadoop file system. */
final class CorpusReader {
  private static final StructType LINE =
      new StructType()
          .add("position", DataTypes.LongType, false)
          .add("line", DataTypes.StringType, true);

  private final SparkSession spark;
  private final Path directory;

  CorpusReader(SparkSession spark, String directory) {
    this.spark = spark;
    try {
      this.directory = new Path(directory);
    } catch (IllegalArgumentException e) {
      throw new InputException(
          "Cannot read corpus '%s': %s".formatted(directory, e.getMessage()), e);
    }
  }

  /**
   * The file of a part: {@code PART.txt} or {@code ptb.PART.txt}, or either with {@code .gz}.
   *
   * @throws InputException if there is none, or it is a directory or empty
   */
  Path file(String part) {
    List<String> names =
        List.of(part + ".txt", "ptb." + part + ".txt", part + ".txt.gz", "ptb." + part + ".txt.gz");
    try {
      FileSystem fs = directory.getFileSystem(spark.sparkContext().hadoopConfiguration());
      if (!fs.exists(directory)) {
        throw new InputException("Cannot read corpus: %s does not exist".formatted(directory));
      }
      if (!fs.getFileStatus(directory).isDirectory()) {
        throw new InputException(
            "Cannot read corpus: %s is a file; --data-path is the directory that holds %s"
                .formatted(directory, names.get(0)));
      }
      for (String name : names) {
        Path file = new Path(directory, name);
        if (fs.exists(file)) {
          requireFile(fs.getFileStatus(file));
          return file;
        }
      }
    } catch (IOException | IllegalArgumentException e) { // HDFS says so of an unknown host
      throw new InputException(
          "Cannot read corpus %s: %s".formatted(directory, InputException.firstLine(e)), e);
    }
    throw new InputException(
        "Cannot read corpus: %s holds none of %s".formatted(directory, String.join(", ", names)));
  }

  private static void requireFile(FileStatus status) {
    if (status.isDirectory()) {
      throw new InputException(
          "Cannot read corpus: %s is a directory, not a file".formatted(status.getPath()));
    }
    if (status.getLen() == 0) {
      throw new InputException("Cannot read corpus: %s is empty".formatted(status.getPath()));
    }
  }

  /**
   * The lines of a file with their byte positions, which order them whatever the partitioning.
   *
   * @param lines two columns: position (bigint), line (string)
   * @param digest their number and a hash of them all, which finds accidents, no malice
   */
  record Part(Dataset<Row> lines, String digest) {}

  /**
   * Reads a file to its end.
   *
   * @throws InputException if the file cannot be read to its end, or a line is not UTF-8
   */
  Part read(Path file) {
    Configuration hadoop = new Configuration(spark.sparkContext().hadoopConfiguration());
    hadoop.set("textinputformat.record.delimiter", "\n");
    hadoop.set(FileInputFormat.INPUT_DIR, literal(file));
    JavaRDD<Row> rows =
        spark
            .sparkContext()
            .newAPIHadoopRDD(hadoop, TextInputFormat.class, LongWritable.class, Text.class)
            .toJavaRDD()
            .map(entry -> RowFactory.create(entry._1().get(), decode(entry._2())));
    Dataset<Row> lines = spark.createDataFrame(rows, LINE);
    Row found = check(file, lines);
    if (!found.isNullAt(0)) {
      long before = lines.where(col("position").lt(found.getLong(0))).count();
      throw new InputException(
          "Cannot read corpus: %s line %d is not UTF-8".formatted(file, before + 1));
    }
    return new Part(lines, "%d:%016x".formatted(found.getLong(1), found.getLong(2)));
  }

  /** The first position without a line, the number of lines and their digest. */
  private static Row check(Path file, Dataset<Row> lines) {
    try {
      return lines
          .agg(
              min(when(col("line").isNull(), col("position"))),
              count(lit(1)),
              expr("coalesce(bit_xor(xxhash64(position, line)), 0L)"))
          .head();
    } catch (Exception e) { // Scala throws what it does not declare
      for (Throwable cause = e; cause != null; cause = cause.getCause()) {
        if (cause instanceof IOException) {
          throw new InputException(
              "Cannot read corpus: %s: %s".formatted(file, InputException.firstLine(cause)), e);
        }
      }
      throw e;
    }
  }

  /** The name of a file as the input format takes it, neither a list nor a pattern. */
  private static String literal(Path file) {
    return StringUtils.escapeString(file.toString().replaceAll("[\\\\*?\\[\\]{}]", "\\\\$0"));
  }

  /** The text, or null if it is not UTF-8. */
  private static String decode(Text line) {
    try {
      return StandardCharsets.UTF_8
          .newDecoder()
          .decode(ByteBuffer.wrap(line.getBytes(), 0, line.getLength()))
          .toString();
    } catch (CharacterCodingException e) {
      return null;
    }
  }
}
