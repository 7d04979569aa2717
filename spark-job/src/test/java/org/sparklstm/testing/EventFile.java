package org.sparklstm.testing;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;
import org.nd4j.shade.protobuf.ByteString;
import org.nd4j.shade.protobuf.UnknownFieldSet;
import org.tensorflow.hadoop.util.TFRecordReader;

/**
 * A file for TensorBoard, as TensorFlow's own reader of records takes it apart and checks it. Their
 * messages are read by the numbers in TensorFlow's event.proto and summary.proto.
 *
 * @param version of its first message
 * @param restarts steps at which a session is said to start
 */
public record EventFile(String version, List<Long> restarts, List<Point> points) {

  /** A scalar; its time in seconds since 1970. */
  public record Point(String tag, long step, float value, double time) {
    @Override
    public String toString() {
      return "%s %s %s".formatted(step, tag, value);
    }
  }

  /** Reads the file of a directory that has no other. */
  public static EventFile onlyOneOf(Path directory) throws IOException {
    try (Stream<Path> files = Files.list(directory)) {
      List<Path> all = files.toList();
      assertThat(all).hasSize(1);
      return read(all.get(0));
    }
  }

  private static EventFile read(Path file) throws IOException {
    String version = "";
    List<Long> restarts = new ArrayList<>();
    List<Point> points = new ArrayList<>();
    try (InputStream in = Files.newInputStream(file)) {
      TFRecordReader records = new TFRecordReader(in, true);
      for (byte[] record = records.read(); record != null; record = records.read()) {
        UnknownFieldSet event = UnknownFieldSet.parseFrom(record);
        double time = Double.longBitsToDouble(event.getField(1).getFixed64List().get(0));
        long step = event.getField(2).getVarintList().get(0);
        for (ByteString text : event.getField(3).getLengthDelimitedList()) {
          version += text.toString(StandardCharsets.UTF_8);
        }
        for (ByteString summary : event.getField(5).getLengthDelimitedList()) {
          for (ByteString value :
              UnknownFieldSet.parseFrom(summary).getField(1).getLengthDelimitedList()) {
            UnknownFieldSet fields = UnknownFieldSet.parseFrom(value);
            points.add(
                new Point(
                    fields.getField(1).getLengthDelimitedList().get(0).toStringUtf8(),
                    step,
                    Float.intBitsToFloat(fields.getField(2).getFixed32List().get(0)),
                    time));
          }
        }
        for (ByteString session : event.getField(7).getLengthDelimitedList()) {
          assertThat(UnknownFieldSet.parseFrom(session).getField(1).getVarintList())
              .containsExactly(1L); // START
          restarts.add(step);
        }
      }
    }
    return new EventFile(version, restarts, points);
  }
}
