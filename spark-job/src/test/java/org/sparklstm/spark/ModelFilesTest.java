package org.sparklstm.spark;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.stream.IntStream;
import org.deeplearning4j.nn.multilayer.MultiLayerNetwork;
import org.deeplearning4j.util.ModelSerializer;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.factory.Nd4j;
import org.sparklstm.config.SettingsLoader;
import org.sparklstm.engine.Replica;
import org.sparklstm.model.ParameterLayout;
import org.sparklstm.model.Safetensors;
import org.sparklstm.text.LaneShard;
import org.sparklstm.text.Vocabulary;
import org.sparklstm.train.Checkpoint;

class ModelFilesTest {
  private static final List<String> WORDS = List.of("<eos>", "the", "𝄞", "été", "<unk>", "a");
  private static final Checkpoint STATE =
      Checkpoint.initial(
          Corpus.settings("model.layers=2", "model.init-scale=1", "cluster.workers=2"),
          WORDS.size(),
          "abc");
  private static final int[] IDS = new Random(1).ints(40, 0, WORDS.size()).toArray();

  @TempDir private Path directory;
  private Path model;

  @BeforeEach
  void save() throws IOException {
    SavePath path = SavePathTest.open(directory, SavePath.Earlier.REFUSE);
    path.begin();
    ModelFiles.save(path, STATE, new Vocabulary(WORDS));
    model = directory.resolve("model");
  }

  @Test
  void aModelIsFourFilesAndReplacesTheOneBefore() throws IOException {
    assertThat(SavePathTest.files(directory)).containsExactly("checkpoints", "model");
    assertThat(SavePathTest.files(model))
        .containsExactly("config.conf", "dl4j.zip", "model.safetensors", "vocabulary.txt");
    List<byte[]> before = contents();

    SavePath again = SavePathTest.open(directory, SavePath.Earlier.RESUME);
    ModelFiles.save(again, STATE, new Vocabulary(WORDS));

    assertThat(SavePathTest.files(directory)).containsExactly("checkpoints", "model");
    assertThat(contents()).usingRecursiveComparison().isEqualTo(before);
  }

  @Test
  void vocabularyIsOneWordALineInTheOrderOfIds() throws IOException {
    assertThat(Files.readString(model.resolve("vocabulary.txt")))
        .isEqualTo("<eos>\nthe\n𝄞\nété\n<unk>\na\n");
  }

  @Test
  void settingsAreReadBackAsAConfigurationFile() {
    assertThat(SettingsLoader.load("large", model.resolve("config.conf"), List.of()).entries())
        .isEqualTo(STATE.settings().entries());
  }

  @Test
  void tensorsHavePyTorchsNamesAndShapesAndASecondBiasOfZeros() throws IOException {
    Safetensors file = safetensors();

    assertThat(file.metadata()).isEqualTo(Map.of("format", "pt"));
    assertThat(file.tensors().stream().map(tensor -> tensor.name() + tensor.shape()))
        .containsExactlyInAnyOrder(
            "embedding.weight[6, 3]",
            "lstm.weight_ih_l0[12, 3]",
            "lstm.weight_hh_l0[12, 3]",
            "lstm.bias_ih_l0[12]",
            "lstm.bias_hh_l0[12]",
            "lstm.weight_ih_l1[12, 3]",
            "lstm.weight_hh_l1[12, 3]",
            "lstm.bias_ih_l1[12]",
            "lstm.bias_hh_l1[12]",
            "decoder.weight[6, 3]",
            "decoder.bias[6]");
    for (ParameterLayout.Tensor tensor : file.tensors()) {
      if (tensor.name().startsWith("lstm.bias_hh")) {
        assertThat(values(file, tensor)).containsOnly(0f);
      }
    }
  }

  @Test
  void tensorsHoldTheParameters() throws IOException {
    assertThat(Arrays.copyOf(safetensors().data(), STATE.parameters().length))
        .isEqualTo(STATE.parameters());
  }

  @Test
  void zipIsRestoredByDl4jAloneWithTheSameProbabilities() throws IOException {
    MultiLayerNetwork network =
        ModelSerializer.restoreMultiLayerNetwork(model.resolve("dl4j.zip").toFile());
    float[] inputs = new float[IDS.length - 1];
    for (int t = 0; t < inputs.length; t++) {
      inputs[t] = IDS[t];
    }
    INDArray probabilities =
        network.output(Nd4j.createFromArray(inputs).reshape(1, 1, inputs.length));

    double nats =
        IntStream.range(0, inputs.length)
            .mapToDouble(t -> -Math.log(probabilities.getDouble(0, IDS[t + 1], t)))
            .sum();
    assertThat(Math.exp(nats / inputs.length)).isCloseTo(perplexity(), within(1e-5));
  }

  @Test
  void pyTorchLoadsTheModelInAFewLinesAndScoresATextAlike()
      throws IOException, InterruptedException {
    String python = System.getenv().getOrDefault("PYTHON", "python3");
    assumeTrue(
        run(python, "-c", "import torch, safetensors").status() == 0,
        python + " has no torch and safetensors; PYTHON names another interpreter");
    List<String> command =
        List.of(
            python,
            "src/test/python/load_model.py",
            model.resolve("model.safetensors").toString(),
            String.join(",", Arrays.stream(IDS).mapToObj(Integer::toString).toList()));

    Output output = run(command.toArray(String[]::new));

    assertThat(output.status()).as(output.text()).isZero();
    assertThat(Double.parseDouble(output.text().strip())).isCloseTo(perplexity(), within(1e-4));
  }

  private record Output(int status, String text) {}

  private static Output run(String... command) throws IOException, InterruptedException {
    Process process;
    try {
      process = new ProcessBuilder(command).redirectErrorStream(true).start();
    } catch (IOException e) {
      return new Output(127, e.getMessage());
    }
    try (InputStream out = process.getInputStream()) {
      String text = new String(out.readAllBytes(), StandardCharsets.UTF_8);
      return new Output(process.waitFor(), text);
    }
  }

  private static double perplexity() {
    try (Replica replica = STATE.settings().engine().replica(STATE.spec(), 1)) {
      replica.setParameters(STATE.parameters());
      LaneShard text = new LaneShard(0, IDS.length, new int[][] {IDS});
      return replica.evaluate(text.window(0)).perplexity();
    }
  }

  private Safetensors safetensors() throws IOException {
    Path file = model.resolve("model.safetensors");
    try (InputStream in = Files.newInputStream(file)) {
      return Safetensors.read(in, Files.size(file));
    }
  }

  private static float[] values(Safetensors file, ParameterLayout.Tensor tensor) {
    return Arrays.copyOfRange(file.data(), tensor.offset(), tensor.offset() + tensor.size());
  }

  private List<byte[]> contents() throws IOException {
    List<byte[]> contents = new ArrayList<>();
    for (String name : SavePathTest.files(model)) {
      contents.add(Files.readAllBytes(model.resolve(name)));
    }
    return contents;
  }
}
