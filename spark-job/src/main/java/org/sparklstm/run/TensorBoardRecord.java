package org.sparklstm.run;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.zip.CRC32C;
import org.nd4j.shade.protobuf.CodedOutputStream;
import org.tensorflow.framework.Summary;

/**
 * The records of a file that TensorBoard reads. Each is a message {@code Event} of TensorFlow's
 * event.proto in the frame of a TFRecord: length, its checksum, message, its checksum.
 */
final class TensorBoardRecord {
  // Field numbers of event.proto
  private static final int WALL_TIME = 1;
  private static final int STEP = 2;
  private static final int FILE_VERSION = 3;
  private static final int SUMMARY = 5;
  private static final int SESSION_LOG = 7;
  private static final int STATUS = 1;
  private static final int START = 1;

  private TensorBoardRecord() {}

  /** What an event says besides its time and step. */
  private interface Contents {
    void write(CodedOutputStream out) throws IOException;
  }

  /** The first record of a file. */
  static byte[] version(double seconds) throws IOException {
    return record(seconds, 0, out -> out.writeString(FILE_VERSION, "brain.Event:2"));
  }

  /** Lets TensorBoard forget what it has read of the same run from step 0 on. */
  static byte[] start(double seconds) throws IOException {
    byte[] start = message(out -> out.writeEnum(STATUS, START));
    return record(seconds, 0, out -> out.writeByteArray(SESSION_LOG, start));
  }

  /**
   * Scalars of a step.
   *
   * @param seconds since 1970
   */
  static byte[] scalars(double seconds, long step, Summary scalars) throws IOException {
    return record(seconds, step, out -> out.writeMessage(SUMMARY, scalars));
  }

  private static byte[] record(double seconds, long step, Contents contents) throws IOException {
    byte[] event =
        message(
            out -> {
              out.writeDouble(WALL_TIME, seconds);
              out.writeInt64(STEP, step);
              contents.write(out);
            });
    byte[] length =
        ByteBuffer.allocate(Long.BYTES)
            .order(ByteOrder.LITTLE_ENDIAN)
            .putLong(event.length)
            .array();
    return ByteBuffer.allocate(length.length + event.length + 2 * Integer.BYTES)
        .order(ByteOrder.LITTLE_ENDIAN)
        .put(length)
        .putInt(checksum(length))
        .put(event)
        .putInt(checksum(event))
        .array();
  }

  private static byte[] message(Contents contents) throws IOException {
    ByteArrayOutputStream bytes = new ByteArrayOutputStream();
    CodedOutputStream out = CodedOutputStream.newInstance(bytes);
    contents.write(out);
    out.flush();
    return bytes.toByteArray();
  }

  /** CRC-32C, rotated and shifted so that a checksum over checksums stays one. */
  private static int checksum(byte[] bytes) {
    CRC32C crc = new CRC32C();
    crc.update(bytes);
    return Integer.rotateRight((int) crc.getValue(), 15) + 0xa282ead8;
  }
}
