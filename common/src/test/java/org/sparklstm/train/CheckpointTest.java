package org.sparklstm.train;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.sparklstm.config.SettingsLoader;
import org.sparklstm.engine.LossSum;
import org.sparklstm.model.LstmSpec;
import org.sparklstm.model.Safetensors;

class CheckpointTest {

  @Test
  void everyFieldIsReadBack() throws IOException {
    Checkpoint written = checkpoint();
    byte[] bytes = bytes(written);

    Checkpoint read = read(bytes);

    assertThat(read.epoch()).isEqualTo(3);
    assertThat(read.round()).isEqualTo(17);
    assertThat(read.loss()).isEqualTo(new LossSum(1.0 / 3, 340));
    assertThat(read.settings().entries()).isEqualTo(written.settings().entries());
    assertThat(read.settings().train()).isEqualTo(written.settings().train());
    assertThat(read.settings().cluster().workers()).hasValue(2);
    assertThat(read.vocabularySize()).isEqualTo(3);
    assertThat(read.corpus()).isEqualTo("abc");
    assertThat(read.parameters()).isEqualTo(written.parameters());
    assertThat(read.laneState()).isEqualTo(written.laneState());
    assertThat(read.spec()).isEqualTo(new LstmSpec(3, 2, 1, 1));
  }

  @Test
  void equalCheckpointsHaveEqualBytesAlsoOnceReadBack() throws IOException {
    byte[] bytes = bytes(checkpoint());

    assertThat(bytes(checkpoint())).isEqualTo(bytes);
    assertThat(bytes(read(bytes))).isEqualTo(bytes);
  }

  @Test
  void everyFlippedBitIsRefused() throws IOException {
    byte[] bytes = bytes(checkpoint());
    List<String> accepted = new ArrayList<>();
    for (int bit = 0; bit < 8 * bytes.length; bit++) {
      byte[] damaged = bytes.clone();
      damaged[bit / 8] ^= (byte) (1 << bit % 8);
      try {
        accepted.add("bit %s of byte %s: %s".formatted(bit % 8, bit / 8, read(damaged)));
      } catch (IOException refused) {
        assertThat(refused.getMessage()).isNotBlank();
      }
    }
    assertThat(accepted).isEmpty();
  }

  @Test
  void aChangedParameterIsRefusedAsDamage() throws IOException {
    byte[] bytes = bytes(checkpoint());
    bytes[bytes.length - 1] ^= 1;

    assertThatThrownBy(() -> read(bytes))
        .isInstanceOf(IOException.class)
        .hasMessage("damaged: its contents do not have the checksum that it tells");
  }

  @Test
  void everyTruncationIsRefused() throws IOException {
    byte[] bytes = bytes(checkpoint());

    for (int length = 0; length < bytes.length; length++) {
      byte[] prefix = Arrays.copyOf(bytes, length);
      assertThatThrownBy(() -> read(prefix)).isInstanceOf(IOException.class);
    }
  }

  @Test
  void anotherFormatIsRefused() throws IOException {
    ByteArrayOutputStream out = new ByteArrayOutputStream();
    Safetensors.write(out, Map.of("format", "sparklstm-checkpoint-2"), List.of());

    assertThatThrownBy(() -> read(out.toByteArray()))
        .isInstanceOf(IOException.class)
        .hasMessage("not a checkpoint of format sparklstm-checkpoint-4");
  }

  static Checkpoint checkpoint() {
    float[] parameters = new float[2 * 3 * 2 + 3 + 8 * 2 * 2 + 4 * 2];
    for (int i = 0; i < parameters.length; i++) {
      parameters[i] = i / 3f;
    }
    parameters[0] = -0.0f;
    return new Checkpoint(
        3,
        17,
        new LossSum(1.0 / 3, 340),
        SettingsLoader.load("test", null, List.of("data.lanes=2", "cluster.workers=2")),
        3,
        "abc",
        parameters,
        new float[] {1, 2, 3, 4, 5, 6, 7, 8});
  }

  static byte[] bytes(Checkpoint checkpoint) {
    ByteArrayOutputStream out = new ByteArrayOutputStream();
    try {
      checkpoint.write(out);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    return out.toByteArray();
  }

  private static Checkpoint read(byte[] bytes) throws IOException {
    return Checkpoint.read(new ByteArrayInputStream(bytes), bytes.length);
  }
}
