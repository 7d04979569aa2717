package org.sparklstm.run;

import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.SerializationFeature;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.FileNotFoundException;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import org.apache.hadoop.conf.Configuration;
import org.apache.hadoop.fs.FileSystem;
import org.apache.hadoop.fs.Path;
import org.sparklstm.config.Settings;
import org.sparklstm.config.SettingsLoader;
import org.sparklstm.engine.Dropout;
import org.sparklstm.engine.dl4j.Dl4jModel;
import org.sparklstm.error.ConfigurationException;
import org.sparklstm.error.InputException;
import org.sparklstm.files.AtomicFiles;
import org.sparklstm.files.HadoopFiles;
import org.sparklstm.model.LstmShape;
import org.sparklstm.model.ParameterLayout;
import org.sparklstm.model.Safetensors;
import org.sparklstm.text.Vocabulary;

/**
 * A trained model and its directory {@code model/}: safetensors for Python, a zip for DL4J, the
 * vocabulary, the settings, and a card that says what it is.
 *
 * @param parameters flat, see {@link ParameterLayout}; tied ones once
 * @param test its perplexity of the test part; NaN if it was not tested
 */
@SuppressWarnings("ArrayRecordComponent") // large, never compared
public record SavedModel(
    Settings settings, Vocabulary vocabulary, float[] parameters, double test) {
  /** The directory in that of a run. */
  static final String DIRECTORY = "model";

  /** The directory in one that Spark ML saves. */
  public static final String SPARK_ML = "data";

  private static final String WEIGHTS = "model.safetensors";
  private static final String ZIP = "dl4j.zip";
  private static final String WORDS = "vocabulary.txt";
  private static final String SETTINGS = "config.conf";
  private static final String CONFIG = "config.json";
  private static final String CARD = "README.md";
  private static final String TEST = "test_perplexity";
  private static final ObjectMapper JSON =
      new ObjectMapper().enable(SerializationFeature.INDENT_OUTPUT);

  /** The names of the files. */
  static final List<String> FILES = List.of(WEIGHTS, ZIP, WORDS, SETTINGS, CONFIG, CARD);

  /** The network. */
  public LstmShape shape() {
    return settings.shape(vocabulary.size());
  }

  /** Writes the files into a directory that is there. */
  public void write(AtomicFiles files, Path directory) throws IOException {
    LstmShape untied = shape().untied();
    float[] both = ParameterLayout.untie(shape(), parameters);
    write(files, new Path(directory, WORDS), String.join("\n", vocabulary.words()) + "\n");
    write(files, new Path(directory, SETTINGS), settings.render());
    write(files, new Path(directory, CONFIG), config());
    write(files, new Path(directory, CARD), card());
    files.write(
        new Path(directory, WEIGHTS),
        out -> {
          float[] zeros = new float[4 * untied.laneStateSize() / 2];
          Safetensors.write(out, Map.of("format", "pt"), tensors(untied), both, zeros);
        });
    Dropout dropout = settings.model().dropout();
    files.write(new Path(directory, ZIP), out -> Dl4jModel.writeZip(untied, dropout, both, out));
  }

  /** Shape, settings and test perplexity as JSON, by the names that others use. */
  public String config() throws IOException {
    LstmShape shape = shape();
    ObjectNode config =
        JSON.createObjectNode()
            .put("model_type", "lstm")
            .put("vocab_size", shape.vocabularySize())
            .put("embedding_size", shape.embeddingSize())
            .putPOJO("hidden_size", sizes(shape))
            .put("num_hidden_layers", shape.layers())
            .put("tie_word_embeddings", shape.tiedEmbeddings());
    putId(config, "eos_token_id", Vocabulary.END_OF_SENTENCE);
    putId(config, "unk_token_id", Vocabulary.UNKNOWN);
    if (!Double.isNaN(test)) {
      config.put(TEST, test);
    }
    config.set("settings", JSON.readTree(settings.json()));
    return JSON.writeValueAsString(config) + "\n";
  }

  private void putId(ObjectNode config, String key, String word) {
    if (vocabulary.contains(word)) {
      config.put(key, vocabulary.id(word).orElseThrow());
    }
  }

  private String card() {
    LstmShape shape = shape();
    Map<String, Object> values = new HashMap<>();
    values.put("test", Double.isNaN(test) ? null : String.format(Locale.ROOT, "%.2f", test));
    values.put("workers", settings.cluster().workers().orElse(1));
    values.put("epochs", settings.train().epochs());
    values.put("layers", shape.layers());
    values.put("units", sizes(shape));
    values.put("columns", shape.embeddingSize());
    values.put("oneSize", shape.isOfOneSize());
    values.put("words", shape.vocabularySize());
    values.put("parameters", shape.parameterCount());
    values.put("tied", shape.tiedEmbeddings() ? "one matrix" : "two matrices");
    values.put("unknown", vocabulary.contains(Vocabulary.UNKNOWN));
    return Templates.fill("card.mustache", values);
  }

  private static void write(AtomicFiles files, Path file, String text) throws IOException {
    files.write(file, out -> out.write(text.getBytes(StandardCharsets.UTF_8)));
  }

  /**
   * Reads a model back.
   *
   * @param uri the directory of a run, or its {@code model/}, or one where Spark ML saved the
   *     model, on any Hadoop file system
   * @throws InputException naming the file that is missing or does not belong to such a model
   */
  public static SavedModel read(String uri, Configuration hadoop) {
    try {
      Path path = HadoopFiles.path(uri);
      return HadoopFiles.on(
          path,
          hadoop,
          fs -> {
            Path inRun = new Path(path, DIRECTORY);
            Path bySpark = new Path(path, SPARK_ML);
            Path directory = fs.exists(inRun) ? inRun : isIn(fs, bySpark) ? bySpark : path;
            return read(fs, fs.makeQualified(directory));
          });
    } catch (IOException e) {
      throw new InputException(
          "Cannot read model %s: %s".formatted(uri, InputException.firstLine(e)), e);
    }
  }

  /** Whether a directory has the weights of a model. */
  static boolean isIn(FileSystem fs, Path directory) {
    try {
      return fs.exists(new Path(directory, WEIGHTS));
    } catch (IOException e) {
      throw unreadable(directory, InputException.firstLine(e), e);
    }
  }

  /**
   * Reads a model back from the directory that {@link RunDirectory#save} wrote.
   *
   * @throws InputException naming the file that is missing or does not belong to such a model
   */
  public static SavedModel read(FileSystem fs, Path directory) {
    Settings settings = settings(fs, new Path(directory, SETTINGS));
    Vocabulary vocabulary = vocabulary(fs, new Path(directory, WORDS));
    Path weights = new Path(directory, WEIGHTS);
    Safetensors file;
    try (InputStream in = fs.open(weights)) {
      file = Safetensors.read(in, fs.getFileStatus(weights).getLen());
    } catch (IOException e) {
      throw unreadable(weights, InputException.firstLine(e), e);
    }
    LstmShape shape = settings.shape(vocabulary.size());
    if (!file.tensors().equals(tensors(shape.untied()))) {
      throw unreadable(
          weights,
          "its tensors are not those of %s with the %s words of %s"
              .formatted(SETTINGS, vocabulary.size(), WORDS),
          null);
    }
    float[] untied = Arrays.copyOf(file.data(), shape.untied().parameterCount());
    return new SavedModel(
        settings, vocabulary, ParameterLayout.tie(shape, untied), test(fs, directory));
  }

  /** NaN if the directory does not say it. */
  private static double test(FileSystem fs, Path directory) {
    Path file = new Path(directory, CONFIG);
    try {
      return fs.exists(file)
          ? JSON.readTree(text(fs, file)).path(TEST).asDouble(Double.NaN)
          : Double.NaN;
    } catch (IOException e) {
      throw unreadable(file, InputException.firstLine(e), e);
    }
  }

  private static Settings settings(FileSystem fs, Path file) {
    try {
      return SettingsLoader.parseFile(HadoopFiles.text(fs, file), file.toString());
    } catch (FileNotFoundException e) {
      throw new InputException(
          "%s holds no model: it has no %s".formatted(file.getParent(), SETTINGS), e);
    } catch (IOException e) {
      throw unreadable(file, InputException.firstLine(e), e);
    } catch (ConfigurationException e) {
      throw unreadable(file, e.getMessage(), e);
    }
  }

  private static Vocabulary vocabulary(FileSystem fs, Path file) {
    try {
      return Vocabulary.ofLines(text(fs, file));
    } catch (IllegalArgumentException e) {
      throw unreadable(file, e.getMessage(), e);
    }
  }

  private static String text(FileSystem fs, Path file) {
    try {
      return HadoopFiles.text(fs, file);
    } catch (IOException e) {
      throw unreadable(file, InputException.firstLine(e), e);
    }
  }

  private static InputException unreadable(Path file, String why, Throwable cause) {
    return new InputException("Cannot read model file %s: %s".formatted(file, why), cause);
  }

  /** The size of all layers, or if they differ, that of each. */
  private static Object sizes(LstmShape shape) {
    return shape.isOfOneSize() ? shape.hiddenSize(0) : shape.hiddenSizes();
  }

  /** The tensors of {@code shape}, then PyTorch's second bias of each layer, which is zero here. */
  private static List<ParameterLayout.Tensor> tensors(LstmShape shape) {
    List<ParameterLayout.Tensor> tensors = new ArrayList<>(ParameterLayout.of(shape));
    int offset = shape.parameterCount();
    for (int layer = 0; layer < shape.layers(); layer++) {
      int size = 4 * shape.hiddenSize(layer);
      tensors.add(new ParameterLayout.Tensor("lstm.bias_hh_l" + layer, List.of(size), offset));
      offset += size;
    }
    return tensors;
  }
}
