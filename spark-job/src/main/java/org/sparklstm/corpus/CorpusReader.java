package org.sparklstm.corpus;

import static org.apache.spark.sql.functions.col;

import java.io.IOException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
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

  /** A task that reads less is not worth its start. */
  private static final long LEAST_SPLIT = 1 << 20;

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
   * The text, not read yet, whatever is wrong with it. The order of its rows is that of their
   * positions, whatever the partitioning.
   *
   * @return {@link TextSplit#ROW}
   */
  Dataset<Row> rows(Source source) {
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

  /**
   * The error of a text with a row that cannot be used.
   *
   * @param position of the row
   * @param fault what is wrong with it
   */
  InputException fault(Source source, long position, String fault) {
    int file = (int) (position >> FILE_SHIFT);
    long before =
        rows(source)
            .where(col("position").between((long) file << FILE_SHIFT, position - 1))
            .where(col("ends"))
            .count();
    return new InputException(
        "Cannot read corpus: %s line %s %s"
            .formatted(source.files().get(file).getPath(), before + 1, fault));
  }

  /**
   * Stretches of a block at most, and one for each task that runs at once; a compressed file is
   * one.
   */
  private List<TextSplit> splits(FileStatus file, long base, CompressionCodecFactory codecs) {
    if (codecs.getCodec(file.getPath()) != null) {
      return List.of(new TextSplit(file.getPath(), base, 0, Long.MAX_VALUE));
    }
    long most = hadoop.getLong(FileInputFormat.SPLIT_MAXSIZE, Long.MAX_VALUE);
    long share = file.getLen() / spark.sparkContext().defaultParallelism() + 1;
    long size = Math.max(LEAST_SPLIT, share);
    size = Math.max(1, Math.min(size, Math.min(file.getBlockSize(), most)));
    List<TextSplit> splits = new ArrayList<>();
    for (long start = 0; start < file.getLen(); start += size) {
      long end = Math.min(file.getLen(), start + size);
      splits.add(new TextSplit(file.getPath(), base, start, end));
    }
    return splits;
  }
}
