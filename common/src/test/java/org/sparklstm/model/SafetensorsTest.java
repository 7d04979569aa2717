package org.sparklstm.model;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.sparklstm.model.ParameterLayout.Tensor;

class SafetensorsTest {
  private static final Map<String, String> METADATA = Map.of("name", "é \"x\"\n", "age", "1");
  private static final List<Tensor> TENSORS =
      List.of(new Tensor("b", List.of(2, 2), 0), new Tensor("a", List.of(3), 4));

  @Test
  void whatIsWrittenIsReadBack() throws IOException {
    Safetensors file = read(small());

    assertThat(file.metadata()).isEqualTo(METADATA);
    assertThat(file.tensors()).isEqualTo(TENSORS);
    assertThat(file.data()).containsExactly(1, 2, 3, 4, 5, 6, 7);
  }

  @Test
  void everyBitOfAFloatIsReadBack() throws IOException {
    float[] floats = {
      -0.0f,
      Float.NaN,
      Float.intBitsToFloat(0x7fc12345),
      Float.intBitsToFloat(0xffc00001),
      Float.NEGATIVE_INFINITY,
      Float.MIN_VALUE,
      Float.MAX_VALUE
    };

    assertThat(bits(read(bytes(floats)).data())).isEqualTo(bits(floats));
  }

  @Test
  void partsStandOneAfterTheOther() throws IOException {
    assertThat(bytes(new float[] {1, 2, 3, 4, 5}, new float[] {6, 7})).isEqualTo(small());
  }

  @Test
  void moreFloatsThanOneChunkAreReadBack() throws IOException {
    float[] floats = new float[200_001];
    for (int i = 0; i < floats.length; i++) {
      floats[i] = i;
    }
    ByteArrayOutputStream out = new ByteArrayOutputStream();
    Safetensors.write(out, Map.of(), List.of(new Tensor("a", List.of(200_001), 0)), floats);

    assertThat(read(out.toByteArray()).data()).isEqualTo(floats);
  }

  @Test
  void theSameInputGivesTheSameBytes() throws IOException {
    assertThat(small()).isEqualTo(small());
  }

  @Test
  void fileIsLengthThenPaddedHeaderThenLittleEndianFloats() throws IOException {
    ByteArrayOutputStream out = new ByteArrayOutputStream();
    Safetensors.write(out, Map.of(), List.of(new Tensor("a", List.of(1), 0)), new float[] {1});
    String header =
        "{\"__metadata__\":{},\"a\":{\"dtype\":\"F32\",\"shape\":[1],\"data_offsets\":[0,4]}}";

    ByteBuffer bytes = ByteBuffer.wrap(out.toByteArray()).order(ByteOrder.LITTLE_ENDIAN);
    byte[] padded = new byte[(int) bytes.getLong()];
    bytes.get(padded);

    assertThat(padded.length).isBetween(header.length(), header.length() + 7);
    assertThat(padded.length % 8).isZero();
    assertThat(new String(padded, StandardCharsets.UTF_8).stripTrailing()).isEqualTo(header);
    assertThat(bytes.getFloat()).isEqualTo(1);
    assertThat(bytes.hasRemaining()).isFalse();
  }

  @Test
  void headerIsPaddedByItsBytesNotItsCharacters() throws IOException {
    for (String name : List.of("", "é", "éé", "ééé", "éééé", "x", "xx", "xxx", "𐐀")) {
      ByteArrayOutputStream out = new ByteArrayOutputStream();
      Safetensors.write(out, Map.of("name", name), List.of());

      assertThat(out.size() % 8).describedAs(name).isZero();
      assertThat(read(out.toByteArray()).metadata()).containsEntry("name", name);
    }
  }

  @Test
  void everyTruncationIsRefused() throws IOException {
    byte[] bytes = small();

    for (int length = 0; length < bytes.length; length++) {
      byte[] prefix = Arrays.copyOf(bytes, length);
      assertThatThrownBy(() -> read(prefix)).isInstanceOf(IOException.class);
      assertThatThrownBy(() -> Safetensors.read(new ByteArrayInputStream(prefix), bytes.length))
          .isInstanceOf(IOException.class)
          .hasMessage("truncated");
    }
  }

  @Test
  void overlongFileIsRefused() throws IOException {
    byte[] overlong = Arrays.copyOf(small(), small().length + 1);

    assertThatThrownBy(() -> read(overlong))
        .isInstanceOf(IOException.class)
        .hasMessage(
            "truncated or overlong: by its header it has %s bytes, in fact %s",
            overlong.length - 1, overlong.length);
  }

  private static byte[] small() throws IOException {
    return bytes(new float[] {1, 2, 3, 4, 5, 6, 7});
  }

  private static byte[] bytes(float[]... parts) throws IOException {
    ByteArrayOutputStream out = new ByteArrayOutputStream();
    Safetensors.write(out, METADATA, TENSORS, parts);
    return out.toByteArray();
  }

  private static Safetensors read(byte[] bytes) throws IOException {
    return Safetensors.read(new ByteArrayInputStream(bytes), bytes.length);
  }

  private static int[] bits(float[] floats) {
    int[] bits = new int[floats.length];
    Arrays.setAll(bits, i -> Float.floatToRawIntBits(floats[i]));
    return bits;
  }
}
