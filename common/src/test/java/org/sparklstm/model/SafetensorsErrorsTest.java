package org.sparklstm.model;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.ByteArrayInputStream;
import java.io.IOException;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class SafetensorsErrorsTest {

  @ParameterizedTest
  @ValueSource(
      strings = {
        "{'dtype':'F16','shape':[1],'data_offsets':[0,4]}",
        "{'dtype':'I32','shape':[1],'data_offsets':[0,4]}",
        "{'shape':[1],'data_offsets':[0,4]}",
        "{'dtype':'F32','shape':[1]}",
        "{'dtype':'F32','shape':[1],'data_offsets':[0]}",
        "{'dtype':'F32','shape':[2],'data_offsets':[0,4]}",
        "{'dtype':'F32','shape':[-1],'data_offsets':[0,4]}",
        "{'dtype':'F32','shape':['x'],'data_offsets':[0,4]}",
        "{'dtype':'F32','shape':[1],'data_offsets':[-4,0]}",
        "{'dtype':'F32','shape':[1],'data_offsets':[2,6]}",
        "{'dtype':'F32','shape':[1],'data_offsets':[4,0]}",
        "{'dtype':'F32','shape':[2147483647],'data_offsets':[0,8589934588]}",
        "{'dtype':'F32','shape':[2147483647,2147483647],'data_offsets':[0,4]}",
        "5",
        "null"
      })
  void tensorOfAnotherTypeOrPlaceIsRefused(String tensor) {
    assertRefused(
        "{'a':%s}".formatted(tensor), "tensor a is not a float32 tensor with a valid place");
  }

  @ParameterizedTest
  @ValueSource(ints = {0, 8})
  void gapOrOverlapBetweenTensorsIsRefused(int begin) {
    String tensors =
        "{'a':{'dtype':'F32','shape':[1],'data_offsets':[0,4]},"
            + "'b':{'dtype':'F32','shape':[1],'data_offsets':[%s,%s]}}";

    assertRefused(
        tensors.formatted(begin, begin + 4), "tensor b does not begin where the last one ends");
  }

  @Test
  void gapBeforeTheFirstTensorIsRefused() {
    assertRefused(
        "{'a':{'dtype':'F32','shape':[1],'data_offsets':[4,8]}}",
        "tensor a does not begin where the last one ends");
  }

  @Test
  void tensorLargerThanTheFileIsRefusedWithoutAllocatingIt() {
    assertRefused(
        "{'a':{'dtype':'F32','shape':[2147483639],'data_offsets':[0,8589934556]}}",
        "truncated or overlong: by its header it has %s bytes, in fact %s"
            .formatted(8 + 72 + 8_589_934_556L, 8 + 72 + 4));
  }

  @Test
  void tensorsMayStandInAnyOrderInTheHeader() throws IOException {
    Safetensors file =
        read(
            SafetensorsBytes.of(
                "{'b':{'dtype':'F32','shape':[],'data_offsets':[4,8]},"
                    + "'a':{'dtype':'F32','shape':[1],'data_offsets':[0,4]}}",
                1,
                2));

    assertThat(file.tensors()).extracting(ParameterLayout.Tensor::name).containsExactly("a", "b");
    assertThat(file.data()).containsExactly(1, 2);
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "{'dtype':'F32','shape':[4294967297],'data_offsets':[0,4]}",
        "{'dtype':'F32','shape':[1.5],'data_offsets':[0,4]}",
        "{'dtype':'F32','shape':['1'],'data_offsets':[0,4]}",
        "{'dtype':'F32','shape':[1],'data_offsets':[0.5,4.5]}",
        "{'dtype':'F32','shape':[2147483647,2147483647],'data_offsets':[17179869184,4]}",
      })
  void numbersThatAreNoIntegersOrOverflowAreRefused(String tensor) {
    assertRefused(
        "{'a':%s}".formatted(tensor), "tensor a is not a float32 tensor with a valid place");
  }

  private static void assertRefused(String header, String message) {
    assertThatThrownBy(() -> read(SafetensorsBytes.of(header, 1)))
        .isInstanceOf(IOException.class)
        .hasMessage(message);
  }

  private static Safetensors read(byte[] bytes) throws IOException {
    return Safetensors.read(new ByteArrayInputStream(bytes), bytes.length);
  }
}
