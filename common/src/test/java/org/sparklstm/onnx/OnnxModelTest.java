package org.sparklstm.onnx;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import ai.onnxruntime.NodeInfo;
import ai.onnxruntime.OnnxTensor;
import ai.onnxruntime.OrtEnvironment;
import ai.onnxruntime.OrtException;
import ai.onnxruntime.OrtSession;
import ai.onnxruntime.TensorInfo;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.FloatBuffer;
import java.nio.LongBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.stream.IntStream;
import onnx.Onnx.ModelProto;
import onnx.Onnx.TensorProto;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.MethodSource;
import org.sparklstm.config.Settings;
import org.sparklstm.config.SettingsLoader;
import org.sparklstm.engine.Replica;
import org.sparklstm.engine.ReplicaTest;
import org.sparklstm.engine.Replicas;
import org.sparklstm.model.LstmShape;
import org.sparklstm.model.ParameterLayout;
import org.sparklstm.onnx.OnnxModel.Provenance;
import org.sparklstm.text.Vocabulary;
import org.sparklstm.text.Window;

/** The file in ONNX Runtime, against our engine. */
class OnnxModelTest {
  /** Both compute in floats, in another order and with other exponentials: 4e-6 was seen. */
  private static final double TOLERANCE = 2e-5;

  private static final Provenance PROVENANCE = new Provenance("1.2.3", "{\"layers\":2}");

  @TempDir private Path directory;

  /** What a call gives: ln p [T, B, V] and the state, [L, B, H] or [1, B, ΣH]. */
  @SuppressWarnings("ArrayRecordComponent")
  private record Output(float[] logs, float[] h, float[] c) {}

  private static Vocabulary vocabulary(int size) {
    return new Vocabulary(IntStream.range(0, size).mapToObj(id -> "w" + id).toList());
  }

  private static byte[] file(LstmShape shape, float[] parameters) throws IOException {
    ByteArrayOutputStream out = new ByteArrayOutputStream();
    OnnxModel.write(shape, parameters, vocabulary(shape.vocabularySize()), PROVENANCE, out);
    return out.toByteArray();
  }

  private static Output run(
      OrtSession session, LstmShape shape, int lanes, int[] ids, float[] h, float[] c)
      throws OrtException {
    OrtEnvironment environment = OrtEnvironment.getEnvironment();
    long[] state =
        shape.isOfOneSize()
            ? new long[] {shape.layers(), lanes, shape.hiddenSize(0)}
            : new long[] {1, lanes, shape.laneStateSize() / 2};
    long[] words = IntStream.of(ids).asLongStream().toArray();
    try (OnnxTensor inputs =
            OnnxTensor.createTensor(
                environment, LongBuffer.wrap(words), new long[] {ids.length / lanes, lanes});
        OnnxTensor hidden = OnnxTensor.createTensor(environment, FloatBuffer.wrap(h), state);
        OnnxTensor cell = OnnxTensor.createTensor(environment, FloatBuffer.wrap(c), state);
        OrtSession.Result result = session.run(Map.of("ids", inputs, "h", hidden, "c", cell))) {
      return new Output(
          floats(result, "log_probabilities"), floats(result, "h_out"), floats(result, "c_out"));
    }
  }

  private static float[] floats(OrtSession.Result result, String name) {
    FloatBuffer buffer = ((OnnxTensor) result.get(name).orElseThrow()).getFloatBuffer();
    float[] values = new float[buffer.remaining()];
    buffer.get(values);
    return values;
  }

  @ParameterizedTest(name = "V={0} E,H={1} tied={2} B={3} T={4}")
  @CsvSource({
    "13, 5 5, false, 1, 7",
    "13, 5 5 5, false, 3, 7",
    "31, 8 8 8, true, 3, 1",
    "7, 3 3 3 3, true, 2, 4",
    "211, 65 65 65, false, 20, 5",
    "13, 9 5, false, 2, 4",
    "31, 6 9 2, false, 3, 7",
    "31, 6 9 4 6, true, 3, 5"
  })
  void itComputesWhatTheEngineComputesAndCarriesItsState(
      int v, String sizes, boolean tied, int b, int t) throws Exception {
    LstmShape shape = ReplicaTest.shape(v, sizes, tied);
    int all = shape.laneStateSize() / 2;
    Random random = new Random();
    float[] parameters = ParameterLayout.initialise(shape, 0.5f, random.nextLong());
    for (int i = 0; i < parameters.length; i++) {
      parameters[i] += parameters[i] == 0 ? 0.3f * random.nextFloat() : 0; // the biases
    }
    OrtEnvironment environment = OrtEnvironment.getEnvironment();
    try (OrtSession session = environment.createSession(file(shape, parameters));
        Replica replica = Replicas.of("onednn", shape, b)) {
      replica.setParameters(parameters);
      Output output = new Output(null, new float[b * all], new float[b * all]);
      for (int window = 0; window < 2; window++) {
        int[] ids = random.ints((long) b * t, 0, v).toArray();
        int[] targets = random.ints((long) b * t, 0, v).toArray();
        output = run(session, shape, b, ids, output.h(), output.c());
        double[] nats = replica.score(new Window(0, 0, b, t, ids, targets));
        for (int i = 0; i < nats.length; i++) {
          assertThat(-output.logs()[i * v + targets[i]])
              .isCloseTo((float) nats[i], within((float) TOLERANCE));
        }
      }
      float[] state = replica.laneState(); // [B, S]
      for (int lane = 0; lane < b; lane++) {
        for (int layer = 0; layer < shape.layers(); layer++) {
          int h = shape.hiddenSize(layer);
          for (int unit = 0; unit < h; unit++) {
            int ours = lane * shape.laneStateSize() + shape.stateOffset(layer) + unit;
            int theirs =
                shape.isOfOneSize()
                    ? (layer * b + lane) * h + unit
                    : lane * all + shape.stateOffset(layer) / 2 + unit;
            assertThat(output.h()[theirs]).isCloseTo(state[ours], within((float) TOLERANCE));
            assertThat(output.c()[theirs]).isCloseTo(state[ours + h], within((float) TOLERANCE));
          }
        }
      }
    }
  }

  @Test
  void stepsGiveWhatAWindowGives() throws Exception {
    LstmShape shape = new LstmShape(17, 6, 2);
    float[] parameters = ParameterLayout.initialise(shape, 0.7f, 3);
    int[] ids = {1, 5, 16, 0, 2};
    try (OrtSession session =
        OrtEnvironment.getEnvironment().createSession(file(shape, parameters))) {
      Output window = run(session, shape, 1, ids, new float[12], new float[12]);
      Output step = new Output(null, new float[12], new float[12]);
      for (int t = 0; t < ids.length; t++) {
        step = run(session, shape, 1, new int[] {ids[t]}, step.h(), step.c());
        for (int word = 0; word < 17; word++) {
          assertThat(step.logs()[word]).isCloseTo(window.logs()[t * 17 + word], within(1e-5f));
        }
      }
    }
  }

  @ParameterizedTest(name = "{0} L={1} tied={2} B={3}")
  @CsvSource({
    "onednn, 1, false, 1",
    "onednn, 2, true, 3",
    "dl4j, 1, false, 1",
    "dl4j, 2, false, 3"
  })
  void everyWordHasTheProbabilityThatItHasInEachEngine(String engine, int l, boolean tied, int b)
      throws Exception {
    LstmShape shape = new LstmShape(31, 7, l, tied);
    Random random = new Random();
    float[] parameters = new float[shape.parameterCount()];
    for (int i = 0; i < parameters.length; i++) {
      parameters[i] = random.nextFloat() - 0.5f;
    }
    try (OrtSession session =
            OrtEnvironment.getEnvironment().createSession(file(shape, parameters));
        Replica replica = Replicas.of(engine, shape, b)) {
      replica.setParameters(parameters);
      Output output = new Output(null, new float[l * b * 7], new float[l * b * 7]);
      for (int step = 0; step < 5; step++) {
        int[] ids = random.ints(b, 0, 31).toArray();
        output = run(session, shape, b, ids, output.h(), output.c());
        assertThat(output.logs()).containsExactly(replica.next(ids), within((float) TOLERANCE));
      }
    }
  }

  @Test
  void aFileSaysWhatItTakesAndWhereItComesFrom() throws Exception {
    LstmShape shape = new LstmShape(3, 2, 2, true);
    byte[] file = file(shape, new float[shape.parameterCount()]);
    try (OrtSession session = OrtEnvironment.getEnvironment().createSession(file)) {
      assertThat(dimensions(session.getInputInfo()))
          .isEqualTo(Map.of("ids", "[-1, -1]", "h", "[2, -1, 2]", "c", "[2, -1, 2]"));
      assertThat(dimensions(session.getOutputInfo()))
          .isEqualTo(
              Map.of(
                  "log_probabilities",
                  "[-1, -1, 3]",
                  "h_out",
                  "[2, -1, 2]",
                  "c_out",
                  "[2, -1, 2]"));
      assertThat(session.getMetadata().getProducerName()).isEqualTo("spark-lstm");
      assertThat(session.getMetadata().getCustomMetadata())
          .isEqualTo(Map.of("vocabulary", "w0\nw1\nw2", "config", "{\"layers\":2}"));
    }
    ModelProto model = ModelProto.parseFrom(file);
    assertThat(model.getProducerVersion()).isEqualTo("1.2.3");
    assertThat(model.getGraph().getInitializerList())
        .extracting(TensorProto::getName)
        .contains("embedding.weight")
        .doesNotContain("decoder.weight"); // tied: once
  }

  private static Map<String, String> dimensions(Map<String, NodeInfo> values) {
    Map<String, String> dimensions = new HashMap<>();
    values.forEach(
        (name, value) ->
            dimensions.put(name, Arrays.toString(((TensorInfo) value.getInfo()).getShape())));
    return dimensions;
  }

  static List<String> presets() {
    return SettingsLoader.presets();
  }

  @ParameterizedTest
  @MethodSource("presets")
  void thePresetsOpen(String preset) throws Exception {
    Settings settings = SettingsLoader.load(preset, null, List.of());
    LstmShape shape = settings.shape(10_000);
    Path file = directory.resolve("model.onnx"); // of up to 264 MB
    try (OutputStream out = Files.newOutputStream(file)) {
      float[] zeros = new float[shape.parameterCount()];
      OnnxModel.write(shape, zeros, vocabulary(10_000), PROVENANCE, out);
    }
    try (OrtSession session = OrtEnvironment.getEnvironment().createSession(file.toString())) {
      int state = shape.layers() * shape.hiddenSize(0);
      Output output = run(session, shape, 1, new int[] {3}, new float[state], new float[state]);
      assertThat(output.logs()[0]).isCloseTo((float) -Math.log(10_000), within(1e-4f));
    }
  }

  @Test
  void aFileOfTwoGibibytesIsRefused() {
    LstmShape shape = new LstmShape(500_000, 600, 2);

    assertThatThrownBy(
            () ->
                OnnxModel.write(
                    shape,
                    new float[0],
                    vocabulary(1),
                    PROVENANCE,
                    OutputStream.nullOutputStream()))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("ONNX files have less than 2 GiB");
  }
}
