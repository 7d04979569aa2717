package org.sparklstm.run;

import java.io.Closeable;
import java.io.IOException;
import org.apache.hadoop.fs.FSDataOutputStream;

/** A file that others can read while it grows, where the file system lets them. */
final class GrowingFile implements Closeable {
  private final FSDataOutputStream out;
  private boolean failed; // what the stream threw, it would throw again when it is closed

  GrowingFile(FSDataOutputStream out) {
    this.out = out;
  }

  /** Writes at the end. */
  void write(byte[] bytes) throws IOException {
    try {
      out.write(bytes);
    } catch (IOException e) {
      failed = true;
      throw e;
    }
  }

  /** Shows others all that was written. */
  void flush() throws IOException {
    try {
      out.hflush();
    } catch (IOException e) {
      failed = true;
      throw e;
    }
  }

  @Override
  public void close() throws IOException {
    try {
      out.close();
    } catch (IOException e) {
      if (!failed) {
        throw e;
      }
    }
  }
}
