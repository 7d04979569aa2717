package org.sparklstm.cli;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import ai.onnxruntime.OnnxTensor;
import ai.onnxruntime.OrtEnvironment;
import ai.onnxruntime.OrtException;
import ai.onnxruntime.OrtSession;
import java.io.IOException;
import java.nio.FloatBuffer;
import java.nio.LongBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Map;
import java.util.stream.Stream;
import onnx.Onnx.ModelProto;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.sparklstm.cli.TrainCommandTest.Result;
import org.sparklstm.cluster.Platform;
import org.sparklstm.engine.Replica;
import org.sparklstm.run.SavedModel;
import org.sparklstm.testing.Models;
import org.sparklstm.testing.Replicas;

class ExportCommandTest {
  private static final Result DONE = new Result(0, "", "");
  private static final SavedModel MODEL = Models.of(1);

  @TempDir private Path directory;
  private Path run;
  private Path file;

  @BeforeEach
  void save() throws IOException {
    run = Models.save(MODEL, directory.resolve("run"));
    file = directory.resolve("model.onnx");
  }

  private Result export(Path model, Path onnx, String... options) {
    return TrainCommandTest.run(
        new ExportCommand(),
        Stream.concat(
                Stream.of("--model-path", model.toString(), "--onnx", onnx.toString()),
                Arrays.stream(options))
            .toArray(String[]::new));
  }

  /** ln p of each word [V] to follow the first. */
  private static float[] afterTheFirstWord(Path onnx) throws OrtException {
    OrtEnvironment runtime = OrtEnvironment.getEnvironment();
    int layers = MODEL.shape().layers();
    int units = MODEL.shape().hiddenSize(0);
    FloatBuffer zeros = FloatBuffer.allocate(layers * units);
    long[] ofState = {layers, 1, units};
    try (OrtSession session = runtime.createSession(onnx.toString());
        OnnxTensor ids =
            OnnxTensor.createTensor(runtime, LongBuffer.allocate(1), new long[] {1, 1});
        OnnxTensor state = OnnxTensor.createTensor(runtime, zeros, ofState);
        OrtSession.Result result = session.run(Map.of("ids", ids, "h", state, "c", state))) {
      float[][][] logs = (float[][][]) result.get("log_probabilities").orElseThrow().getValue();
      return logs[0][0];
    }
  }

  @Test
  void theFilePredictsWhatTheSavedModelPredicts() throws OrtException {
    assertThat(export(run, file)).isEqualTo(DONE);

    try (Replica replica = Replicas.of(MODEL.shape(), 1)) {
      replica.setParameters(MODEL.parameters());
      float[] next = replica.next(new int[] {0});
      assertThat(afterTheFirstWord(file)).containsExactly(next, within(1e-5f));
    }
  }

  @Test
  void theFileSaysItsWordsTheVersionAndConfigJson() throws IOException {
    assertThat(export(run.resolve("model"), file)).isEqualTo(DONE);

    ModelProto model = ModelProto.parseFrom(Files.readAllBytes(file));
    assertThat(model.getProducerVersion()).isEqualTo(Platform.version());
    assertThat(model.getMetadataProps(0).getValue()).isEqualTo(String.join("\n", Models.WORDS));
    assertThat(model.getMetadataProps(1).getValue())
        .isEqualTo(Files.readString(run.resolve("model/config.json")));
  }

  @Test
  void aFileThatIsThereIsOnlyReplacedByRequest() throws IOException {
    Files.writeString(file, "mine");

    assertThat(export(run, file))
        .isEqualTo(
            refused("Cannot write %s: it exists; replace it with --overwrite".formatted(file)));
    assertThat(file).hasContent("mine");
    assertThat(export(run, file, "--overwrite")).isEqualTo(DONE);
    assertThat(ModelProto.parseFrom(Files.readAllBytes(file)).getProducerName())
        .isEqualTo("spark-lstm");
    try (Stream<Path> files = Files.list(directory)) { // no temporary one
      assertThat(files).containsExactlyInAnyOrder(run, file);
    }
  }

  @Test
  void aDirectoryIsNeverReplaced() {
    assertThat(export(run, run, "--overwrite"))
        .isEqualTo(
            refused("Cannot write %s: it is a directory; give the name of a file".formatted(run)));
    assertThat(run.resolve("model/model.safetensors")).exists();
  }

  @Test
  void whatIsNoModelIsNamed() {
    Result result = export(directory.resolve("nowhere"), file);

    assertThat(result.status()).isEqualTo(1);
    assertThat(result.err()).contains("nowhere holds no model: it has no config.conf");
    assertThat(file).doesNotExist();
  }

  @Test
  void aFileWhereNoneCanBeIsNamed() throws IOException {
    Path below = Files.writeString(directory.resolve("text"), "").resolve("model.onnx");

    Result result = export(run, below);

    assertThat(result.status()).isEqualTo(1);
    assertThat(result.err()).startsWith("Cannot write %s: ".formatted(below));
    assertThat(result.err().lines()).hasSize(1);
  }

  private static Result refused(String message) {
    return new Result(1, "", message + System.lineSeparator());
  }
}
