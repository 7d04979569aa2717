package org.sparklstm.engine.torch;

import static org.assertj.core.api.Assertions.assertThat;

import org.bytedeco.javacpp.Pointer;
import org.bytedeco.javacpp.PointerScope;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch.ScalarType;
import org.junit.jupiter.api.Test;
import org.sparklstm.text.LaneShard;

class DeviceTextTest {
  private static final LaneShard FIRST = new LaneShard(0, 2, new int[][] {{1, 2, 3}, {4, 5, 6}});
  private static final LaneShard SECOND = new LaneShard(0, 2, new int[][] {{7, 8}, {9, 10}});

  @Test
  void aStretchIsCopiedOnceAndStaysUntilTheNext() {
    long before;
    try (DeviceText text = new DeviceText(new Tensors(TorchDevice.CPU))) {
      Tensor words = in(text, FIRST);
      before = Pointer.totalCount();
      for (int i = 0; i < 3; i++) {
        assertThat(in(text, FIRST)).isSameAs(words);
      }
      assertThat(floats(words)).containsExactly(1, 2, 3, 4, 5, 6);
      assertThat(words.size(0)).isEqualTo(2);

      assertThat(floats(in(text, SECOND))).containsExactly(7, 8, 9, 10);
      assertThat(words.isNull()).as("freed").isTrue();
      // Equal words of another text may be changed words: only the same array is the same text.
      Tensor second = in(text, SECOND);
      assertThat(in(text, new LaneShard(0, 1, SECOND.tokens()))).isSameAs(second);
      assertThat(in(text, new LaneShard(0, 2, SECOND.tokens().clone()))).isNotSameAs(second);
      assertThat(Pointer.totalCount()).isLessThanOrEqualTo(before);
    }
    assertThat(Pointer.totalCount()).isLessThan(before);
  }

  /** As a round does: what it makes but does not keep is freed with it. */
  private static Tensor in(DeviceText text, LaneShard stretch) {
    try (PointerScope scope = new PointerScope()) {
      return text.of(stretch);
    }
  }

  private static float[] floats(Tensor words) {
    try (PointerScope scope = new PointerScope()) {
      return Tensors.floats(words.to(ScalarType.Float));
    }
  }
}
