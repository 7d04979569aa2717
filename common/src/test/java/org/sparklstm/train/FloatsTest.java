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
    return written(new Floats(values));
  }

  private static byte[] written(Floats floats) throws IOException {
    ByteArrayOutputStream bytes = new ByteArrayOutputStream();
    try (ObjectOutputStream out = new ObjectOutputStream(bytes)) {
      out.writeObject(floats);
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
    float[] values = anyFloats(length, seed);

    float[] arrived = read(written(values));

    assertThat(bits(arrived)).isEqualTo(bits(values)); // NaN's payload included
  }

  private static float[] anyFloats(int length, long seed) {
    float[] values = new float[length];
    Random random = new Random(seed);
    for (int i = 0; i < length; i++) {
      values[i] = Float.intBitsToFloat(random.nextInt());
    }
    return values;
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

  @Property(tries = 30)
  void roundedOnesAreTheNearestAndArriveInTwoBytesEach(
      @ForAll @IntRange(max = 100_000) int length, @ForAll long seed) throws Exception {
    float[] values = anyFloats(length, seed);

    Floats rounded = Floats.bfloat16(values);

    byte[] bytes = written(rounded);
    assertThat(bits(read(bytes))).isEqualTo(bits(rounded.values()));
    assertThat(bytes.length - written(new float[0]).length)
        .isBetween(2 * length, 2 * length + length / 50 + 10);
    for (int i = 0; i < length; i++) {
      float value = values[i];
      float nearest = rounded.values()[i];
      assertThat(Float.floatToRawIntBits(nearest) & 0xffff).isZero();
      if (Float.isNaN(value)) {
        assertThat(nearest).isNaN();
      } else if (Math.abs(value) > 0x1.fep127f) {
        assertThat(Math.abs(nearest)).isGreaterThanOrEqualTo(0x1.fep127f);
      } else {
        assertThat(Math.abs((double) nearest - value))
            .isLessThanOrEqualTo(Math.max(Math.abs(value) * 0x1p-8, 0x1p-134));
      }
    }
  }

  @Test
  void halfwayRoundsToEven() {
    float[] values = {
      0x1.01p0f, 0x1.03p0f, 0x1.0101p0f, -0x1.01p0f, 0x1.ffp127f, Float.NEGATIVE_INFINITY, -0f
    };

    assertThat(Floats.bfloat16(values).values())
        .containsExactly(
            1, 0x1.04p0f, 0x1.02p0f, -1, Float.POSITIVE_INFINITY, Float.NEGATIVE_INFINITY, -0f);
  }

  @Test
  void aSliceTravelsAsTheWhole() throws Exception {
    Floats rounded = Floats.bfloat16(anyFloats(10_000, 7));

    Floats slice = rounded.slice(1000, 9000);

    assertThat(slice.values()).isEqualTo(Arrays.copyOfRange(rounded.values(), 1000, 9000));
    assertThat(written(slice)).hasSizeLessThan(2 * 8000 + 400);
  }

  @Test
  void aTruncatedStreamIsAnError() throws Exception {
    byte[] bytes = written(new float[100_000]);

    assertThatThrownBy(() -> read(Arrays.copyOf(bytes, bytes.length / 2)))
        .isInstanceOf(IOException.class);
  }
}
