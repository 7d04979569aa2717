package org.sparklstm.corpus;

import java.io.FileNotFoundException;
import java.io.IOException;
import java.io.InputStream;
import java.io.Serializable;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.util.HexFormat;
import java.util.Iterator;
import java.util.NoSuchElementException;
import org.apache.hadoop.conf.Configuration;
import org.apache.hadoop.fs.ChecksumFileSystem;
import org.apache.hadoop.fs.FSDataInputStream;
import org.apache.hadoop.fs.FSError;
import org.apache.hadoop.fs.Path;
import org.apache.hadoop.io.compress.CompressionCodec;
import org.apache.hadoop.io.compress.CompressionCodecFactory;
import org.apache.hadoop.security.AccessControlException;
import org.apache.spark.SparkEnv;
import org.apache.spark.TaskContext;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.RowFactory;
import org.apache.spark.sql.types.DataTypes;
import org.apache.spark.sql.types.StructType;
import org.apache.spark.util.TaskCompletionListener;
import org.sparklstm.error.InputException;
import org.sparklstm.files.HadoopFiles;
import org.sparklstm.text.WhiteSpace;

/**
 * The lines that begin in a stretch of a file. A line of more than 64 KiB comes as several rows,
 * cut at white space, so that a text of one line needs no more memory than another. Where it is cut
 * depends on the line alone.
 *
 * @param base what is added to a position in the file, so that files of a text are in order
 * @param start first byte of the stretch; 0 for a compressed file
 * @param end first byte behind it; of no meaning for a compressed file, which is read whole
 */
record TextSplit(Path file, long base, long start, long end) implements Serializable {
  /**
   * A row: the position of its first byte in the (uncompressed) text, the text without its line
   * end, whether the line ends with it, and what is wrong with it, or null.
   */
  static final StructType ROW =
      new StructType()
          .add("position", DataTypes.LongType, false)
          .add("line", DataTypes.StringType, true)
          .add("ends", DataTypes.BooleanType, false)
          .add("fault", DataTypes.StringType, true);

  private static final int PIECE = 64 << 10;
  private static final int LONGEST_WORD = 16 << 20;

  /**
   * Reads the lines, in a task.
   *
   * @throws InputException naming the executor, without a stack trace, if the file cannot be read
   */
  Iterator<Row> rows(Configuration hadoop) {
    return reading(
        () -> {
          Rows rows = new Rows(this, open(hadoop));
          TaskContext.get()
              .addTaskCompletionListener((TaskCompletionListener) ended -> rows.close());
          rows.begin();
          return rows;
        });
  }

  private InputStream open(Configuration hadoop) throws IOException {
    CompressionCodec codec = new CompressionCodecFactory(hadoop).getCodec(file);
    return HadoopFiles.on(
        file,
        hadoop,
        fs -> {
          FSDataInputStream in =
              file.getName().contains(":") && fs instanceof ChecksumFileSystem checked
                  ? checked.getRawFileSystem().open(file) // no checksum file has such a name
                  : fs.open(file);
          try {
            in.seek(Math.max(0, start - 1));
            return codec == null ? in : codec.createInputStream(in);
          } catch (IOException | RuntimeException e) {
            in.close();
            throw e;
          }
        });
  }

  /** Reads something. */
  private interface Reading<T> {
    T get() throws IOException;
  }

  private <T> T reading(Reading<T> reading) {
    try {
      return reading.get();
    } catch (IOException | FSError e) { // an error of a local disk
      String reason = InputException.firstLine(e);
      String executor = SparkEnv.get().executorId();
      if (executor.equals("driver")) {
        throw InputException.ofTask("Cannot read corpus: %s: %s".formatted(file, reason));
      }
      boolean elsewhere = e instanceof FileNotFoundException || e instanceof AccessControlException;
      throw InputException.ofTask(
          "Cannot read corpus: executor %s on %s cannot read %s: %s%s"
              .formatted(
                  executor,
                  SparkEnv.get().blockManager().blockManagerId().host(),
                  file,
                  reason,
                  elsewhere
                      ? ". All workers must see the same files: use HDFS, an object store or a disk that they share"
                      : ""));
    }
  }

  /** Reads row by row. */
  private static final class Rows implements Iterator<Row>, AutoCloseable {
    private final TextSplit split;
    private final InputStream in;
    private byte[] buffer = new byte[8 * PIECE];
    private int begin; // of what is still to be read in the buffer
    private int filled;
    private long position; // of begin in the file
    private int mark; // bytes of a byte order mark, which the first line's position leaves out
    private boolean inLine;
    private boolean done;
    private Row next;

    Rows(TextSplit split, InputStream in) {
      this.split = split;
      this.in = in;
    }

    /** Goes to the first line that begins in the split. */
    void begin() throws IOException {
      if (split.start == 0) {
        if (available(3) == 3 && buffer[0] == (byte) 0xEF && buffer[1] == (byte) 0xBB) {
          mark = buffer[2] == (byte) 0xBF ? 3 : 0;
          begin += mark;
        }
        return;
      }
      position = split.start - 1;
      while (position < split.end && available(1) > 0) {
        boolean lineEnd = buffer[begin] == '\n';
        skip(1);
        if (lineEnd) {
          return;
        }
      }
      done = true;
    }

    @Override
    public boolean hasNext() {
      if (next == null && !done) {
        next = split.reading(this::read);
        done |= next == null;
      }
      return next != null;
    }

    @Override
    public Row next() {
      if (!hasNext()) {
        throw new NoSuchElementException();
      }
      Row row = next;
      next = null;
      return row;
    }

    /** The next row, or null at the end. */
    private Row read() throws IOException {
      if (!inLine && position >= split.end) {
        return null;
      }
      for (int size = PIECE; size <= LONGEST_WORD; size *= 2) {
        int available = available(size);
        for (int i = begin; i < begin + available; i++) {
          if (buffer[i] == '\n') {
            return row(i - begin, true);
          }
        }
        if (available < size) {
          return available == 0 ? null : row(available, false);
        }
        int cut = afterLastSpace(available);
        if (cut > 0) {
          return row(cut, false);
        }
      }
      done = true;
      return RowFactory.create(
          split.base + position, null, false, "has a word of more than 16 MiB: is it text?");
    }

    private Row row(int length, boolean ends) {
      long at = split.base + position;
      String text = null;
      String fault;
      try {
        text =
            StandardCharsets.UTF_8
                .newDecoder()
                .decode(ByteBuffer.wrap(buffer, begin, length))
                .toString();
        fault = fault(text);
      } catch (CharacterCodingException e) {
        fault = "is not UTF-8";
      }
      skip(ends ? length + 1 : length);
      position += mark;
      mark = 0;
      inLine = !ends;
      return RowFactory.create(at, text, ends, fault);
    }

    /** UTF-16 and other encodings show by control characters, and holes in a file are zeros. */
    private static String fault(String text) {
      for (int i = 0; i < text.length(); i++) {
        char c = text.charAt(i);
        if (c < ' ' && !WhiteSpace.is(c)) {
          return "is not UTF-8 text: it has the control character U+"
              + HexFormat.of().withUpperCase().toHexDigits(c);
        }
      }
      return null;
    }

    /**
     * How many of the next bytes end with their last white space; 0 if there is none. Every white
     * space has at most three bytes in UTF-8.
     */
    private int afterLastSpace(int bytes) {
      int end = begin + bytes;
      for (int i = end - 1; i >= begin; i--) {
        int length = 1;
        int codePoint = buffer[i];
        if ((buffer[i] & 0xE0) == 0xC0 && i + 1 < end) {
          length = 2;
          codePoint = (buffer[i] & 0x1F) << 6 | (buffer[i + 1] & 0x3F);
        } else if ((buffer[i] & 0xF0) == 0xE0 && i + 2 < end) {
          length = 3;
          codePoint =
              (buffer[i] & 0x0F) << 12 | (buffer[i + 1] & 0x3F) << 6 | (buffer[i + 2] & 0x3F);
        }
        if (codePoint >= 0 && WhiteSpace.is(codePoint)) {
          return i + length - begin;
        }
      }
      return 0;
    }

    /** Sees to it that the next {@code wanted} bytes are in the buffer; returns how many are. */
    private int available(int wanted) throws IOException {
      if (filled - begin < wanted) {
        byte[] all = wanted > buffer.length ? new byte[2 * wanted] : buffer;
        System.arraycopy(buffer, begin, all, 0, filled - begin);
        buffer = all;
        filled -= begin;
        begin = 0;
        filled += in.readNBytes(buffer, filled, buffer.length - filled);
      }
      return Math.min(wanted, filled - begin);
    }

    private void skip(int bytes) {
      begin += bytes;
      position += bytes;
    }

    @Override
    public void close() {
      buffer = null;
      try {
        in.close();
      } catch (IOException e) {
        throw new UncheckedIOException(e);
      }
    }
  }
}
