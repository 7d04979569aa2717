package org.sparklstm.corpus;

import static org.apache.spark.sql.functions.col;
import static org.apache.spark.sql.functions.count;
import static org.apache.spark.sql.functions.expr;
import static org.apache.spark.sql.functions.lit;
import static org.apache.spark.sql.functions.min;
import static org.apache.spark.sql.functions.struct;
import static org.apache.spark.sql.functions.when;

import java.io.IOException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.HexFormat;
import java.util.List;
import org.apache.hadoop.conf.Configuration;
import org.apache.hadoop.fs.FileStatus;
import org.apache.hadoop.fs.FileSystem;
import org.apache.hadoop.fs.Path;
import org.apache.hadoop.io.compress.CompressionCodecFactory;
import org.apache.hadoop.mapreduce.lib.input.FileInputFormat;
import org.apache.spark.api.java.JavaSparkContext;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.SparkSession;
import org.apache.spark.util.SerializableConfiguration;
import org.sparklstm.error.InputException;
import org.sparklstm.files.HadoopFiles;

/** The three parts of a corpus in one directory of any Hadoop file system. */
final class CorpusReader {
  /** Positions of the files of a part are 16 TiB apart. */
  private static final int FILE_SHIFT = 44;

  private final SparkSession spark;
  private final Configuration hadoop;
  private final Path directory;

  CorpusReader(SparkSession spark, String directory) {
    this.spark = spark;
    this.hadoop = spark.sparkContext().hadoopConfiguration();
    try {
      this.directory = HadoopFiles.path(directory);
    } catch (IOException e) {
      throw new InputException(
          "Cannot read corpus '%s': %s".formatted(directory, e.getMessage()), e);
    }
  }

  /**
   * Where a part of the corpus is.
   *
   * @param path a file, or a directory of part files
   * @param files the files that are not empty, in the order of the text
   */
  record Source(Path path, List<FileStatus> files) {}

  /**
   * Finds a part: {@code PART.txt} or {@code ptb.PART.txt}, or either with {@code .gz}; each may be
   * a directory of part files, as Spark writes them.
   *
   * @throws InputException if there is none, or it is empty or holds directories
   */
  Source find(String part) {
    List<String> names =
        List.of(part + ".txt", "ptb." + part + ".txt", part + ".txt.gz", "ptb." + part + ".txt.gz");
    try {
      return HadoopFiles.on(directory, hadoop, fs -> find(fs, names));
    } catch (IOException e) {
      throw new InputException(
          "Cannot read corpus %s: %s"
              .formatted(HadoopFiles.describe(directory, hadoop), InputException.firstLine(e)),
          e);
    }
  }

  /**
   * The path itself: a file, or a directory of part files.
   *
   * @throws InputException if there is none, or it is empty or holds directories
   */
  Source whole() {
    try {
      return HadoopFiles.on(directory, hadoop, fs -> source(fs, fs.makeQualified(directory)));
    } catch (IOException e) {
      throw new InputException(
          "Cannot read text %s: %s"
              .formatted(HadoopFiles.describe(directory, hadoop), InputException.firstLine(e)),
          e);
    }
  }

  private Source find(FileSystem fs, List<String> names) throws IOException {
    Path qualified = fs.makeQualified(directory);
    if (!fs.exists(directory)) {
      throw new InputException("Cannot read corpus: %s does not exist".formatted(qualified));
    }
    if (!fs.getFileStatus(directory).isDirectory()) {
      throw new InputException(
          "Cannot read corpus: %s is a file; --data-path is the directory that holds %s"
              .formatted(qualified, names.get(0)));
    }
    for (String name : names) {
      Path path = new Path(qualified, name);
      if (fs.exists(path)) {
        return source(fs, path);
      }
    }
    throw new InputException(
        "Cannot read corpus: %s holds none of %s".formatted(qualified, String.join(", ", names)));
  }

  private static Source source(FileSystem fs, Path path) throws IOException {
    FileStatus status = fs.getFileStatus(path);
    List<FileStatus> files =
        (status.isDirectory() ? partFiles(fs, path) : List.of(status))
            .stream().filter(file -> file.getLen() > 0).toList();
    if (files.isEmpty()) {
      throw new InputException("Cannot read corpus: %s is empty".formatted(path));
    }
    return new Source(path, files);
  }

  /** The files of a directory by name, but for those that Hadoop takes for hidden. */
  private static List<FileStatus> partFiles(FileSystem fs, Path path) throws IOException {
    List<FileStatus> files =
        Arrays.stream(fs.listStatus(path))
            .filter(file -> !file.getPath().getName().matches("[_.].*"))
            .sorted(Comparator.comparing(file -> file.getPath().getName()))
            .toList();
    for (FileStatus file : files) {
      if (file.isDirectory()) {
        throw new InputException(
            "Cannot read corpus: %s is a directory; %s may hold files only"
                .formatted(file.getPath(), path));
      }
    }
    return files;
  }

  /**
   * A text whose rows are in the order of their positions, whatever the partitioning.
   *
   * @param rows columns position (bigint), line (string), ends (boolean: whether the line ends with
   *     the row)
   * @param digest number of the rows and a hash of them all, which finds accidental changes
   */
  record Part(Dataset<Row> rows, String digest) {}

  /**
   * Reads a part to its end.
   *
   * @throws InputException if a file cannot be read to its end, or is not text in UTF-8
   */
  Part read(Source source) {
    Dataset<Row> rows = rows(source);
    Row found =
        rows.agg(
                min(when(col("fault").isNotNull(), struct("position", "fault"))),
                count(lit(1)),
                expr(
                    "coalesce(bit_xor(if(ends, xxhash64(position, line), xxhash64(position, line, ends))), 0L)"))
            .head();
    if (!found.isNullAt(0)) {
      throw fault(source, rows, found.getStruct(0));
    }
    String hash = HexFormat.of().toHexDigits(found.getLong(2));
    return new Part(rows.drop("fault"), found.getLong(1) + ":" + hash);
  }

  private static InputException fault(Source source, Dataset<Row> rows, Row fault) {
    long position = fault.getLong(0);
    int file = (int) (position >> FILE_SHIFT);
    long before =
        rows.where(col("position").between((long) file << FILE_SHIFT, position - 1))
            .where("ends")
            .count();
    return new InputException(
        "Cannot read corpus: %s line %s %s"
            .formatted(source.files().get(file).getPath(), before + 1, fault.getString(1)));
  }

  /** The text with what is wrong with it, not read yet. */
  private Dataset<Row> rows(Source source) {
    CompressionCodecFactory codecs = new CompressionCodecFactory(hadoop);
    List<TextSplit> splits = new ArrayList<>();
    for (int file = 0; file < source.files().size(); file++) {
      splits.addAll(splits(source.files().get(file), (long) file << FILE_SHIFT, codecs));
    }
    SerializableConfiguration configuration = new SerializableConfiguration(hadoop);
    return spark.createDataFrame(
        JavaSparkContext.fromSparkContext(spark.sparkContext())
            .parallelize(splits, splits.size())
            .flatMap(split -> split.rows(configuration.value())),
        TextSplit.ROW);
  }

  /** Stretches of about a block each; a compressed file is one. */
  private List<TextSplit> splits(FileStatus file, long base, CompressionCodecFactory codecs) {
    if (codecs.getCodec(file.getPath()) != null) {
      return List.of(new TextSplit(file.getPath(), base, 0, Long.MAX_VALUE));
    }
    long most = hadoop.getLong(FileInputFormat.SPLIT_MAXSIZE, Long.MAX_VALUE);
    long size = Math.max(1, Math.min(file.getBlockSize(), most));
    List<TextSplit> splits = new ArrayList<>();
    for (long start = 0; start < file.getLen(); start += size) {
      long end = Math.min(file.getLen(), start + size);
      splits.add(new TextSplit(file.getPath(), base, start, end));
    }
    return splits;
  }
}
