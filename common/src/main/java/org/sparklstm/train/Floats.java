package org.sparklstm.train;

import java.io.IOException;
import java.io.ObjectInputStream;
import java.io.ObjectOutputStream;
import java.io.Serial;
import java.io.Serializable;
import java.io.StreamCorruptedException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.Arrays;

/**
 * An array of floats on its way between machines: Java would write it value by value. Four bytes
 * each, or two if they are rounded to bfloat16, a float's upper half.
 */
public final class Floats implements Serializable {
  @Serial private static final long serialVersionUID = 2;
  private static final int CHUNK = 64 << 10; // bytes
  private static final int QUIET_NAN = 0x7fc0;

  private float[] values;
  private boolean rounded;

  /** Wraps {@code values}, which must not change any more. */
  public Floats(float[] values) {
    this(values, false);
  }

  private Floats(float[] values, boolean rounded) {
    this.values = values;
    this.rounded = rounded;
  }

  /**
   * The values rounded to the nearest bfloat16, of two the even one, so by at most 2⁻⁸ of each
   * (2⁻¹³⁴ below 2⁻¹²⁶).
   */
  public static Floats bfloat16(float[] values) {
    float[] rounded = new float[values.length];
    for (int i = 0; i < values.length; i++) {
      rounded[i] = Float.intBitsToFloat(upperHalf(values[i]) << 16);
    }
    return new Floats(rounded, true);
  }

  private static int upperHalf(float value) {
    int bits = Float.floatToRawIntBits(value);
    return Float.isNaN(value) ? QUIET_NAN : (bits + 0x7fff + (bits >>> 16 & 1)) >>> 16;
  }

  /** A copy of the values in [{@code from}, {@code to}). */
  public Floats slice(int from, int to) {
    return new Floats(Arrays.copyOfRange(values, from, to), rounded);
  }

  /** The array itself. */
  public float[] values() {
    return values;
  }

  @Serial
  private void writeObject(ObjectOutputStream out) throws IOException {
    out.writeInt(values.length);
    out.writeBoolean(rounded);
    byte[] bytes = new byte[CHUNK];
    ByteBuffer chunk = ByteBuffer.wrap(bytes).order(ByteOrder.LITTLE_ENDIAN);
    for (int from = 0; from < values.length; from += CHUNK / size()) {
      int count = Math.min(CHUNK / size(), values.length - from);
      if (rounded) {
        for (int i = 0; i < count; i++) {
          chunk.putShort(i * Short.BYTES, (short) upperHalf(values[from + i]));
        }
      } else {
        chunk.asFloatBuffer().put(values, from, count);
      }
      out.write(bytes, 0, count * size());
    }
  }

  @Serial
  private void readObject(ObjectInputStream in) throws IOException {
    int length = in.readInt();
    if (length < 0) {
      throw new StreamCorruptedException("A negative length: " + length);
    }
    rounded = in.readBoolean();
    values = new float[length];
    byte[] bytes = new byte[CHUNK];
    ByteBuffer chunk = ByteBuffer.wrap(bytes).order(ByteOrder.LITTLE_ENDIAN);
    for (int from = 0; from < length; from += CHUNK / size()) {
      int count = Math.min(CHUNK / size(), length - from);
      in.readFully(bytes, 0, count * size());
      if (rounded) {
        for (int i = 0; i < count; i++) {
          values[from + i] = Float.intBitsToFloat(chunk.getShort(i * Short.BYTES) << 16);
        }
      } else {
        chunk.asFloatBuffer().get(values, from, count);
      }
    }
  }

  /** Bytes of a value on its way. */
  private int size() {
    return rounded ? Short.BYTES : Float.BYTES;
  }
}
