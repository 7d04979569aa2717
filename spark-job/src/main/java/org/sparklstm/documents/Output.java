package org.sparklstm.documents;

import java.io.IOException;
import java.util.List;
import java.util.regex.Pattern;
import org.apache.hadoop.conf.Configuration;
import org.apache.hadoop.fs.FileStatus;
import org.apache.hadoop.fs.FileSystem;
import org.apache.hadoop.fs.Path;
import org.sparklstm.error.InputException;
import org.sparklstm.files.HadoopFiles;

/**
 * The directory that documents are written to.
 *
 * @param uri on any Hadoop file system
 * @param overwrite whether it may replace what was written there before
 */
public record Output(String uri, boolean overwrite) {
  /** What Spark writes into a directory of documents. */
  private static final Pattern OF_SPARK =
      Pattern.compile("_SUCCESS|_temporary|part-.*|\\..*\\.crc");

  /**
   * Refuses a directory where something would be lost.
   *
   * @param inputs files or directories that are read
   * @throws InputException naming what is there
   */
  public void requireFree(Configuration hadoop, List<String> inputs) {
    try {
      Path path = HadoopFiles.path(uri);
      HadoopFiles.on(path, hadoop, fs -> requireFree(fs, fs.makeQualified(path), inputs));
    } catch (IOException e) {
      throw cannotWrite(InputException.firstLine(e), e);
    }
  }

  private Void requireFree(FileSystem fs, Path path, List<String> inputs) throws IOException {
    for (String input : inputs) {
      if (contains(fs, path, input)) {
        throw cannotWrite("the input %s would be replaced".formatted(input), null);
      }
    }
    if (!fs.exists(path)) {
      return null;
    }
    if (!overwrite) {
      throw cannotWrite("it exists; replace it with --overwrite", null);
    }
    if (!fs.getFileStatus(path).isDirectory()) {
      throw cannotWrite("it is a file; give the name of a directory", null);
    }
    for (FileStatus file : fs.listStatus(path)) {
      String name = file.getPath().getName();
      if (!OF_SPARK.matcher(name).matches()) {
        throw cannotWrite(
            "it holds %s, which would be lost; choose another --output".formatted(name), null);
      }
    }
    return null;
  }

  private static boolean contains(FileSystem fs, Path directory, String input) {
    try {
      Path at = fs.makeQualified(HadoopFiles.path(input));
      while (at != null && !at.equals(directory)) {
        at = at.getParent();
      }
      return at != null;
    } catch (IOException e) {
      return false; // it is no path, which its reader says
    }
  }

  private InputException cannotWrite(String why, Throwable cause) {
    return new InputException("Cannot write to %s: %s".formatted(uri, why), cause);
  }
}
