package org.sparklstm.train;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.ObjectInputStream;
import java.io.ObjectOutputStream;
import java.util.Arrays;
import java.util.Random;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.IntRange;
import org.junit.jupiter.api.Test;

class FloatsTest {

  private static byte[] written(float[] values) throws IOException {
    ByteArrayOutputStream bytes = new ByteArrayOutputStream();
    try (ObjectOutputStream out = new ObjectOutputStream(bytes)) {
      out.writeObject(new Floats(values));
    }
    return bytes.toByteArray();
  }

  private static float[] read(byte[] bytes) throws IOException, ClassNotFoundException {
    try (ObjectInputStream in = new ObjectInputStream(new ByteArrayInputStream(bytes))) {
      return ((Floats) in.readObject()).values();
    }
  }

  @Property
  void everyFloatArrives(@ForAll float[] values) throws Exception {
    assertThat(read(written(values))).isEqualTo(values);
  }

  @Property(tries = 30)
  void soDoManyChunks(@ForAll @IntRange(max = 100_000) int length, @ForAll long seed)
      throws Exception {
    float[] values = new float[length];
    Random random = new Random(seed);
    for (int i = 0; i < length; i++) {
      values[i] = Float.intBitsToFloat(random.nextInt());
    }

    float[] arrived = read(written(values));

    assertThat(bits(arrived)).isEqualTo(bits(values)); // NaN's payload included
  }

  private static int[] bits(float[] values) {
    int[] bits = new int[values.length];
    Arrays.setAll(bits, i -> Float.floatToRawIntBits(values[i]));
    return bits;
  }

  @Test
  void theyTakeFourBytesEach() throws Exception {
    int empty = written(new float[0]).length;

    assertThat(written(new float[100_000]).length - empty).isBetween(400_000, 404_000);
  }

  @Test
  void aTruncatedStreamIsAnError() throws Exception {
    byte[] bytes = written(new float[100_000]);

    assertThatThrownBy(() -> read(Arrays.copyOf(bytes, bytes.length / 2)))
        .isInstanceOf(IOException.class);
  }
}
