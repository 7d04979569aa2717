package org.sparklstm.model;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;

/** Safetensors files, wrong ones too, from the text of their header. */
final class SafetensorsBytes {
  private SafetensorsBytes() {}

  /** A file with a header whose quotes are written as apostrophes. */
  static byte[] of(String header, float... floats) {
    return of(header.length(), header.replace('\'', '"'), floats);
  }

  static byte[] of(long headerLength, String header, float... floats) {
    byte[] text = header.getBytes(StandardCharsets.UTF_8);
    ByteBuffer bytes =
        ByteBuffer.allocate(8 + text.length + 4 * floats.length).order(ByteOrder.LITTLE_ENDIAN);
    bytes.putLong(headerLength).put(text);
    for (float value : floats) {
      bytes.putFloat(value);
    }
    return bytes.array();
  }
}
