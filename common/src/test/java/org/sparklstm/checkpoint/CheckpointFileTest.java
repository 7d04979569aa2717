package org.sparklstm.checkpoint;

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
import java.util.TreeMap;
import org.junit.jupiter.api.Test;
import org.sparklstm.config.Settings;
import org.sparklstm.config.SettingsLoader;
import org.sparklstm.engine.LossSum;
import org.sparklstm.engine.Optimiser;
import org.sparklstm.error.ConfigurationException;
import org.sparklstm.model.LstmShape;
import org.sparklstm.model.Safetensors;
import org.sparklstm.train.Trained;
import org.sparklstm.train.TrainingPlan;
import org.sparklstm.train.TrainingState;

class CheckpointFileTest {

  @Test
  void everyFieldIsReadBack() throws IOException {
    Checkpoint written = checkpoint();
    byte[] bytes = bytes(written);

    Checkpoint read = read(bytes);

    assertThat(read.state().epoch()).isEqualTo(3);
    assertThat(read.state().round()).isEqualTo(17);
    assertThat(read.state().loss()).isEqualTo(new LossSum(1.0 / 3, 340));
    assertThat(read.run().settings().entries()).isEqualTo(written.run().settings().entries());
    assertThat(read.run().settings().train()).isEqualTo(written.run().settings().train());
    assertThat(read.run().settings().cluster().workers()).hasValue(2);
    assertThat(read.run().vocabularySize()).isEqualTo(3);
    assertThat(read.run().corpus()).isEqualTo("abc");
    assertThat(read.state().parameters()).isEqualTo(written.state().parameters());
    assertThat(read.state().laneState()).isEqualTo(written.state().laneState());
    assertThat(read.state().trained().optimiserState()).isEmpty();
    assertThat(read.run().plan()).isEqualTo(written.run().plan());
    assertThat(read.run().plan().shape()).isEqualTo(new LstmShape(3, 2, 1));
  }

  @Test
  void equalCheckpointsHaveEqualBytesAlsoOnceReadBack() throws IOException {
    byte[] bytes = bytes(checkpoint());

    assertThat(bytes(checkpoint())).isEqualTo(bytes);
    assertThat(bytes(read(bytes))).isEqualTo(bytes);
  }

  /** An optimiser with two floats of state for the whole model. */
  private record TwoFloats() implements Optimiser {
    @Override
    public int stateSize(int parameterCount) {
      return 2;
    }

    @Override
    public double step(float[] parameters, float[] gradient, float[] state, double rate) {
      throw new UnsupportedOperationException();
    }
  }

  @Test
  void anOptimisersStateIsReadBack() throws IOException {
    Checkpoint plain = checkpoint();
    TrainingPlan sgd = plain.run().plan();
    TrainingPlan plan =
        new TrainingPlan(
            sgd.shape(),
            sgd.schedule(),
            new TwoFloats(),
            sgd.regularisation(),
            sgd.windowShift(),
            sgd.averaging(),
            sgd.movingAverage(),
            sgd.engine(),
            sgd.seed());
    TrainingState state = plain.state();
    Trained trained = new Trained(state.parameters(), new float[] {0.25f, -3});
    TrainingState withState =
        new TrainingState(
            state.epoch(),
            state.round(),
            state.loss(),
            trained,
            state.laneState(),
            state.momenta());
    ByteArrayOutputStream out = new ByteArrayOutputStream();
    CheckpointFile.write(new Checkpoint(plain.run(), withState, Best.NONE), plan, out);
    byte[] bytes = out.toByteArray();

    Checkpoint read =
        CheckpointFile.read(new ByteArrayInputStream(bytes), bytes.length, run -> plan);

    assertThat(read.state().trained().optimiserState()).containsExactly(0.25f, -3);
    assertThat(read.state().parameters()).isEqualTo(state.parameters());
    assertThat(read.state().laneState()).isEqualTo(state.laneState());
    assertThatThrownBy(() -> read(bytes)) // plain SGD keeps nothing
        .isInstanceOf(IOException.class)
        .hasMessage("its tensors are not those of its settings");
  }

  @Test
  void aMovingAverageIsReadBack() throws IOException {
    Checkpoint plain = checkpoint();
    Run run = plain.run().with(plain.run().settings().with("train.moving-average-epochs", 0.5));
    float[] model = plain.state().parameters().clone();
    model[1] = -7;

    Checkpoint read = read(bytes(new Checkpoint(run, plain.state().with(model), Best.NONE)));

    assertThat(read.state().model()).isEqualTo(model);
    assertThat(read.state().parameters()).isEqualTo(plain.state().parameters());
    assertThat(read(bytes(plain)).state().model()).isEqualTo(plain.state().parameters());
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
        .hasMessage("damaged: checksum mismatch");
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
  void anotherFileIsRefused() throws IOException {
    assertThatThrownBy(() -> read(withFormat("pt")))
        .isInstanceOf(IOException.class)
        .hasMessage("not a checkpoint of format sparklstm-checkpoint-9");
  }

  @Test
  void aCheckpointOfAnEarlierVersionIsRefusedWithTheReason() throws IOException {
    assertThatThrownBy(() -> read(withFormat("sparklstm-checkpoint-6")))
        .isInstanceOf(IOException.class)
        .hasMessage(
            "another version of this program wrote it (format sparklstm-checkpoint-6, not"
                + " sparklstm-checkpoint-9): resume with that version");
  }

  /** A forged file: its checksum is right. */
  @Test
  void missingMetadataAreNamed() throws IOException {
    byte[] bytes = bytes(checkpoint());
    Safetensors whole = Safetensors.read(new ByteArrayInputStream(bytes), bytes.length);
    for (String key :
        List.of("settings", "vocabulary.size", "corpus", "epoch", "loss.nats", "loss.tokens")) {
      Map<String, String> metadata = new TreeMap<>(whole.metadata());
      metadata.keySet().removeAll(List.of("sha256", key));
      metadata.put("sha256", CheckpointFile.digest(metadata, whole.data()));
      ByteArrayOutputStream out = new ByteArrayOutputStream();
      Safetensors.write(out, metadata, whole.tensors(), whole.data());

      assertThatThrownBy(() -> read(out.toByteArray()))
          .isInstanceOf(IOException.class)
          .hasMessage("its metadata have no " + key);
    }
  }

  private static byte[] withFormat(String format) throws IOException {
    ByteArrayOutputStream out = new ByteArrayOutputStream();
    Safetensors.write(out, Map.of("format", format), List.of());
    return out.toByteArray();
  }

  static Checkpoint checkpoint() {
    float[] parameters = new float[2 * 3 * 2 + 3 + 8 * 2 * 2 + 4 * 2];
    for (int i = 0; i < parameters.length; i++) {
      parameters[i] = i / 3f;
    }
    parameters[0] = -0.0f;
    return new Checkpoint(
        new Run(
            SettingsLoader.load("test", null, List.of("data.lanes=2", "cluster.workers=2")),
            3,
            "abc"),
        new TrainingState(
            3,
            17,
            new LossSum(1.0 / 3, 340),
            new Trained(parameters, new float[0]),
            new float[] {1, 2, 3, 4, 5, 6, 7, 8},
            new float[0]),
        new Best(1, 117.5, 2));
  }

  static byte[] bytes(Checkpoint checkpoint) {
    ByteArrayOutputStream out = new ByteArrayOutputStream();
    try {
      CheckpointFile.write(checkpoint, out);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    return out.toByteArray();
  }

  private static Checkpoint read(byte[] bytes) throws IOException {
    return CheckpointFile.read(new ByteArrayInputStream(bytes), bytes.length);
  }

  @Test
  void stateThatNoCheckpointCanHoldIsRefusedBeforeTraining() {
    Settings settings =
        SettingsLoader.load(
            "medium-tied",
            null,
            List.of(
                "model.hidden-size=1024",
                "data.lanes=40",
                "cluster.workers=4",
                "train.moving-average-epochs=0"));
    CheckpointFile.requireRoom(settings.plan(800_000, 1), 40);

    Settings averaged = settings.with("train.moving-average-epochs", 2);
    assertThatThrownBy(() -> CheckpointFile.requireRoom(averaged.plan(800_000, 1), 40))
        .isInstanceOf(ConfigurationException.class)
        .hasMessageContaining("a checkpoint would have 2510");
  }
}
