package org.sparklstm.files;

import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.util.Map;
import java.util.ServiceConfigurationError;
import org.apache.hadoop.conf.Configuration;
import org.apache.hadoop.fs.FileSystem;
import org.apache.hadoop.fs.Path;
import org.apache.hadoop.fs.UnsupportedFileSystemException;
import org.apache.hadoop.util.VersionInfo;
import org.sparklstm.error.InputException;

/** The way to any Hadoop file system: paths that users write, and what is wrong in one line. */
public final class HadoopFiles {
  private static final String HADOOP = "org.apache.hadoop:%s:" + VersionInfo.getVersion();

  /** Where the classes of file systems are that no Spark brings. */
  private static final Map<String, String> PACKAGES =
      Map.of(
          "s3a", HADOOP.formatted("hadoop-aws"),
          "abfs", HADOOP.formatted("hadoop-azure"),
          "abfss", HADOOP.formatted("hadoop-azure"),
          "wasb", HADOOP.formatted("hadoop-azure"),
          "wasbs", HADOOP.formatted("hadoop-azure"),
          "oss", HADOOP.formatted("hadoop-aliyun"),
          "gs", "com.google.cloud.bigdataoss:gcs-connector:hadoop3-2.2.26");

  /**
   * Work on a file system.
   *
   * @param <T> what it gives
   */
  public interface Work<T> {
    /**
     * Does the work.
     *
     * @param fs that has the path
     * @return what the work gives
     * @throws IOException if it fails
     */
    T on(FileSystem fs) throws IOException;
  }

  private HadoopFiles() {}

  /**
   * The path that a user wrote.
   *
   * @throws IOException saying what is wrong with it
   */
  public static Path path(String written) throws IOException {
    try {
      Path path = new Path(written);
      return path.toUri().getPath().isEmpty() ? new Path(path, "/") : path; // a bucket, a host
    } catch (IllegalArgumentException e) {
      String advice =
          written.matches("[^/]+:[^/].*") ? "; a name with a colon is written ./" + written : "";
      throw new IOException(e.getMessage() + advice, e);
    }
  }

  /** A path as an error names it: with the file system that it is on. */
  public static String describe(Path path, Configuration hadoop) {
    return path.toUri().getScheme() != null
        ? path.toString()
        : "%s on %s".formatted(path, FileSystem.getDefaultUri(hadoop));
  }

  /**
   * Works on the file system of a path.
   *
   * @throws IOException also for what Hadoop throws unchecked: of a file system that is not
   *     installed or only in part, it says what to add
   */
  public static <T> T on(Path path, Configuration hadoop, Work<T> work) throws IOException {
    try {
      return work.on(path.getFileSystem(hadoop));
    } catch (UnsupportedFileSystemException | ServiceConfigurationError | LinkageError e) {
      throw notInstalled(path, e);
    } catch (IllegalArgumentException e) { // HDFS throws it for an unknown host
      throw new IOException(InputException.firstLine(e), e);
    } catch (RuntimeException e) {
      for (Throwable cause = e; cause != null; cause = cause.getCause()) {
        if (cause instanceof ClassNotFoundException) {
          throw notInstalled(path, cause);
        }
      }
      throw e;
    }
  }

  /** The whole of a file in UTF-8. */
  public static String text(FileSystem fs, Path file) throws IOException {
    try (InputStream in = fs.open(file)) {
      return new String(in.readAllBytes(), StandardCharsets.UTF_8);
    }
  }

  private static IOException notInstalled(Path path, Throwable missing) {
    String scheme = path.toUri().getScheme();
    String jar = PACKAGES.getOrDefault(scheme, "the package that has it");
    String what = InputException.firstLine(missing);
    if (missing instanceof NoClassDefFoundError) {
      what = "Class %s not found".formatted(what.replace('/', '.'));
    }
    return new IOException(
        ("%s. Spark does not bring all of the file system %s://; add it with spark.jars.packages in"
                + " spark-defaults.conf, or spark-submit --packages: %s")
            .formatted(what, scheme, jar),
        missing);
  }
}
