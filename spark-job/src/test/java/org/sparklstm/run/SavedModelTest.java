package org.sparklstm.run;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
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
import org.apache.hadoop.conf.Configuration;
import org.apache.hadoop.fs.FileSystem;
import org.deeplearning4j.nn.multilayer.MultiLayerNetwork;
import org.deeplearning4j.util.ModelSerializer;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.factory.Nd4j;
import org.sparklstm.checkpoint.Run;
import org.sparklstm.config.Settings;
import org.sparklstm.config.SettingsLoader;
import org.sparklstm.engine.Replica;
import org.sparklstm.engine.dl4j.Dl4jModel;
import org.sparklstm.error.InputException;
import org.sparklstm.model.LstmShape;
import org.sparklstm.model.ParameterLayout;
import org.sparklstm.model.Safetensors;
import org.sparklstm.run.RunDirectory.ExistingRun;
import org.sparklstm.testing.Corpus;
import org.sparklstm.testing.Replicas;
import org.sparklstm.text.LaneShard;
import org.sparklstm.text.Vocabulary;

class SavedModelTest {
  private static final List<String> WORDS = List.of("<eos>", "the", "𝄞", "été", "<unk>", "a");
  private static final SavedModel MODEL = model("model.tie-embeddings=false");
  private static final int[] IDS = new Random(1).ints(40, 0, WORDS.size()).toArray();

  @TempDir private Path directory;
  private Path model;

  private static SavedModel model(String setting) {
    Settings settings =
        Corpus.settings("model.layers=2", "model.init-scale=1", "cluster.workers=2", setting);
    float[] parameters = new Run(settings, WORDS.size(), "abc").begin().state().parameters();
    return new SavedModel(settings, new Vocabulary(WORDS), parameters, 116.125);
  }

  @BeforeEach
  void save() throws IOException {
    RunDirectory path = RunDirectoryTest.open(directory, ExistingRun.REFUSE);
    path.clear();
    path.save(MODEL);
    model = directory.resolve("model");
  }

  @Test
  void aModelIsSixFilesAndReplacesTheOneBefore() throws IOException {
    assertThat(RunDirectoryTest.files(directory)).containsExactly("checkpoints", "model");
    assertThat(RunDirectoryTest.files(model))
        .containsExactly(
            "README.md",
            "config.conf",
            "config.json",
            "dl4j.zip",
            "model.safetensors",
            "vocabulary.txt");
    List<byte[]> before = contents();

    RunDirectory again = RunDirectoryTest.open(directory, ExistingRun.RESUME);
    again.save(MODEL);

    assertThat(RunDirectoryTest.files(directory)).containsExactly("checkpoints", "model");
    assertThat(contents()).usingRecursiveComparison().isEqualTo(before);
  }

  @Test
  void shapeSettingsAndPerplexityAreInTheJson() throws IOException {
    JsonNode config = new ObjectMapper().readTree(Files.readString(model.resolve("config.json")));

    assertThat(config.path("vocab_size").asInt()).isEqualTo(6);
    assertThat(config.path("hidden_size").asInt()).isEqualTo(3);
    assertThat(config.path("num_hidden_layers").asInt()).isEqualTo(2);
    assertThat(config.path("tie_word_embeddings").asBoolean(true)).isFalse();
    assertThat(config.path("eos_token_id").asInt(-1)).isZero();
    assertThat(config.path("unk_token_id").asInt()).isEqualTo(4);
    assertThat(config.path("test_perplexity").asDouble()).isEqualTo(116.125);
    assertThat(config.path("settings").path("model").path("init-scale").asDouble()).isEqualTo(1);
    assertThat(SavedModel.read(model.toString(), new Configuration()).test()).isEqualTo(116.125);
  }

  @Test
  void layersMayDifferInSize() throws IOException {
    Settings settings =
        MODEL.settings().with("model.hidden-size", List.of(4, 2)).with("model.embedding-size", 5);
    float[] parameters = new float[settings.shape(6).parameterCount()];
    for (int i = 0; i < parameters.length; i++) {
      parameters[i] = i;
    }
    RunDirectoryTest.open(directory, ExistingRun.RESUME)
        .save(new SavedModel(settings, MODEL.vocabulary(), parameters, Double.NaN));

    SavedModel read = SavedModel.read(model.toString(), new Configuration());
    assertThat(read.shape()).isEqualTo(new LstmShape(6, 5, List.of(4, 2), false));
    assertThat(read.parameters()).isEqualTo(parameters);
    JsonNode config = new ObjectMapper().readTree(Files.readString(model.resolve("config.json")));
    assertThat(config.path("hidden_size").toString()).isEqualTo("[4,2]");
    assertThat(config.path("embedding_size").asInt()).isEqualTo(5);
    assertThat(Files.readString(model.resolve("README.md")))
        .contains("| units of each layer | [4, 2] |", "zip(sizes, sizes[1:])")
        .doesNotContain("LSTM(E, H, L)");
    MultiLayerNetwork network =
        ModelSerializer.restoreMultiLayerNetwork(model.resolve("dl4j.zip").toFile(), false);
    assertThat(Dl4jModel.fromDl4j(read.shape(), network.params().toFloatVector()))
        .isEqualTo(parameters);
  }

  @Test
  void theCardHasFrontMatterAndTheShape() throws IOException {
    String card = Files.readString(model.resolve("README.md"));

    assertThat(card)
        .startsWith("---\nlibrary_name: spark-lstm\n")
        .contains("    - type: perplexity\n      value: 116.13\n---\n")
        .contains("| layers | 2 |", "| words | 6 |", "| test perplexity | 116.13 |")
        .contains("the parameters of 2 workers")
        .doesNotContain("{{", "&#");
    SavedModel untested =
        new SavedModel(MODEL.settings(), MODEL.vocabulary(), MODEL.parameters(), Double.NaN);
    RunDirectoryTest.open(directory, ExistingRun.RESUME).save(untested);
    assertThat(Files.readString(model.resolve("README.md"))).doesNotContain("perplexity");
    assertThat(SavedModel.read(model.toString(), new Configuration()).test()).isNaN();
  }

  @Test
  void vocabularyIsOneWordALineInTheOrderOfIds() throws IOException {
    assertThat(Files.readString(model.resolve("vocabulary.txt")))
        .isEqualTo("<eos>\nthe\n𝄞\nété\n<unk>\na\n");
  }

  @Test
  void settingsAreReadBackAsAConfigurationFile() {
    assertThat(SettingsLoader.load("large", model.resolve("config.conf"), List.of()).entries())
        .isEqualTo(MODEL.settings().entries());
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
    assertThat(Arrays.copyOf(safetensors().data(), MODEL.parameters().length))
        .isEqualTo(MODEL.parameters());
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

  @ParameterizedTest
  @ValueSource(strings = {"model.tie-embeddings=false", "model.tie-embeddings=true"})
  void aModelIsReadBackToTheBit(String setting) throws IOException {
    SavedModel written = model(setting);
    RunDirectoryTest.open(directory, ExistingRun.RESUME).save(written);

    SavedModel read = read();

    assertThat(read.parameters()).isEqualTo(written.parameters());
    assertThat(read.vocabulary().words()).isEqualTo(WORDS);
    assertThat(read.settings().entries()).isEqualTo(written.settings().entries());
    assertThat(read.shape()).isEqualTo(written.shape());
  }

  @ParameterizedTest(name = "{0}: {1}")
  @CsvSource(
      delimiter = '|',
      value = {
        "vocabulary.txt | a | its tensors are not those of config.conf with the 1 words of",
        "vocabulary.txt | 'a b' | A vocabulary has one word a line: line 1 is 'a b'",
        "config.conf | model.layer = 3 | unknown key model.layer, did you mean model.layers?",
        "config.conf | 'include \"/etc/passwd\"' | it must not include /etc/passwd",
        "model.safetensors | x | truncated"
      })
  void aFileThatIsNotOfTheModelIsNamed(String name, String contents, String reason)
      throws IOException {
    Files.writeString(model.resolve(name), contents);

    String named =
        name.equals("vocabulary.txt") && contents.equals("a") ? "model.safetensors" : name;
    assertThatThrownBy(this::read)
        .isInstanceOf(InputException.class)
        .hasMessageStartingWith("Cannot read model file file:%s: ", model.resolve(named))
        .hasMessageContaining(reason);
  }

  @ParameterizedTest
  @ValueSource(strings = {"vocabulary.txt", "model.safetensors"})
  void aFileThatIsMissingIsNamed(String name) throws IOException {
    Files.delete(model.resolve(name));

    assertThatThrownBy(this::read)
        .isInstanceOf(InputException.class)
        .hasMessageStartingWith("Cannot read model file file:%s: ", model.resolve(name))
        .hasMessageContaining("does not exist");
  }

  @Test
  void aDirectoryWithoutSettingsHoldsNoModel() throws IOException {
    Files.delete(model.resolve("config.conf"));

    assertThatThrownBy(this::read)
        .isInstanceOf(InputException.class)
        .hasMessage("file:%s holds no model: it has no config.conf", model);
  }

  private SavedModel read() throws IOException {
    return SavedModel.read(
        FileSystem.getLocal(new Configuration()), new org.apache.hadoop.fs.Path("file:" + model));
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
    try (Replica replica = Replicas.of(MODEL.shape(), 1)) {
      replica.setParameters(MODEL.parameters());
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
    for (String name : RunDirectoryTest.files(model)) {
      contents.add(Files.readAllBytes(model.resolve(name)));
    }
    return contents;
  }
}
