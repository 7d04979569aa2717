package org.sparklstm.train;

import java.io.IOException;
import java.io.ObjectInputStream;
import java.io.ObjectOutputStream;
import java.io.Serial;
import java.io.Serializable;
import java.io.StreamCorruptedException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.FloatBuffer;

/** An array of floats on its way between machines: Java would write it value by value. */
public final class Floats implements Serializable {
  @Serial private static final long serialVersionUID = 1;
  private static final int CHUNK = 64 << 10; // bytes

  private float[] values;

  /** Wraps {@code values}, which must not change any more. */
  public Floats(float[] values) {
    this.values = values;
  }

  /** The array itself. */
  public float[] values() {
    return values;
  }

  @Serial
  private void writeObject(ObjectOutputStream out) throws IOException {
    out.writeInt(values.length);
    byte[] chunk = new byte[CHUNK];
    FloatBuffer floats = floats(chunk);
    for (int from = 0; from < values.length; from += floats.capacity()) {
      int count = Math.min(floats.capacity(), values.length - from);
      floats.put(0, values, from, count);
      out.write(chunk, 0, count * Float.BYTES);
    }
  }

  @Serial
  private void readObject(ObjectInputStream in) throws IOException {
    int length = in.readInt();
    if (length < 0) {
      throw new StreamCorruptedException("A negative length: " + length);
    }
    values = new float[length];
    byte[] chunk = new byte[CHUNK];
    FloatBuffer floats = floats(chunk);
    for (int from = 0; from < length; from += floats.capacity()) {
      int count = Math.min(floats.capacity(), length - from);
      in.readFully(chunk, 0, count * Float.BYTES);
      floats.get(0, values, from, count);
    }
  }

  private static FloatBuffer floats(byte[] bytes) {
    return ByteBuffer.wrap(bytes).order(ByteOrder.LITTLE_ENDIAN).asFloatBuffer();
  }
}
