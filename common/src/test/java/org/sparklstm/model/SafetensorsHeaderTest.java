package org.sparklstm.model;

import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class SafetensorsHeaderTest {

  @ParameterizedTest
  @ValueSource(longs = {Long.MIN_VALUE, -1, 0, 1, (16 << 20) + 1, 1L << 32, Long.MAX_VALUE})
  void absurdHeaderLengthIsRefusedBeforeReadingOn(long headerLength) {
    byte[] bytes =
        ByteBuffer.allocate(8).order(ByteOrder.LITTLE_ENDIAN).putLong(headerLength).array();

    assertThatThrownBy(() -> Safetensors.read(new ByteArrayInputStream(bytes), Long.MAX_VALUE))
        .isInstanceOf(IOException.class)
        .hasMessage("not a safetensors file: its header would be %s bytes".formatted(headerLength));
  }

  @Test
  void headerLongerThanTheFileIsRefused() {
    byte[] bytes = SafetensorsBytes.of(100, "{}");

    assertThatThrownBy(() -> read(bytes))
        .isInstanceOf(IOException.class)
        .hasMessage("not a safetensors file: its header would be 100 bytes");
  }

  @ParameterizedTest
  @ValueSource(strings = {"{nonsense", "{\"a\":", "]]", "\u0000\u0000"})
  void headerThatIsNotJsonIsRefused(String header) {
    assertThatThrownBy(() -> read(SafetensorsBytes.of(header)))
        .isInstanceOf(IOException.class)
        .hasMessage("not a safetensors file: its header is not JSON");
  }

  @ParameterizedTest
  @ValueSource(strings = {"{}x", "{}{}"})
  void headerThatGoesOnAfterItsJsonIsRefused(String header) {
    assertThatThrownBy(() -> read(SafetensorsBytes.of(header)))
        .isInstanceOf(IOException.class)
        .hasMessage("not a safetensors file: its header is not JSON");
  }

  @ParameterizedTest
  @ValueSource(strings = {"  ", "[]", "55", "null"})
  void headerThatIsNotOneJsonObjectIsRefused(String header) {
    assertThatThrownBy(() -> read(SafetensorsBytes.of(header)))
        .isInstanceOf(IOException.class)
        .hasMessage("not a safetensors file: its header is not a JSON object");
  }

  private static Safetensors read(byte[] bytes) throws IOException {
    return Safetensors.read(new ByteArrayInputStream(bytes), bytes.length);
  }
}
