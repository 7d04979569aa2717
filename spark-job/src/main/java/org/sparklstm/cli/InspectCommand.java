package org.sparklstm.cli;

import com.fasterxml.jackson.databind.JsonNode;
import java.util.Comparator;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.concurrent.Callable;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.apache.hadoop.conf.Configuration;
import org.sparklstm.checkpoint.Checkpoint;
import org.sparklstm.config.Settings;
import org.sparklstm.config.SettingsLoader;
import org.sparklstm.error.ConfigurationException;
import org.sparklstm.error.InputException;
import org.sparklstm.model.LstmShape;
import org.sparklstm.model.ParameterLayout;
import org.sparklstm.run.RunContents;
import org.sparklstm.run.SavedModel;
import org.sparklstm.text.Vocabulary;
import org.sparklstm.train.TrainingState;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** The command line of {@code PtbInspect}. */
@Command(
    name = "PtbInspect",
    mixinStandardHelpOptions = true,
    sortOptions = false,
    description = "Says what a run, a model or a checkpoint is, and checks that it is whole.",
    exitCodeListHeading = "%nExit codes:%n",
    exitCodeList = {"0:done", "1:it cannot be read, or is damaged", "2:wrong usage"})
public final class InspectCommand implements Callable<Integer> {
  private static final int FIRST_WORDS = 10;

  @Parameters(
      paramLabel = "<uri>",
      description =
          "The --save-path of a run, its model/, a saved LstmLmModel or a checkpoint's file, on any"
              + " Hadoop file system")
  private String uri;

  @Option(
      names = "--nearest",
      paramLabel = "<word>",
      description =
          "Also list the words whose embeddings are the nearest by cosine; may be repeated")
  private String[] nearest = {};

  @Option(
      names = {"-n", "--number"},
      paramLabel = "<n>",
      defaultValue = "10",
      description = "How many of them (default: ${DEFAULT-VALUE})")
  private int number;

  @Override
  public Integer call() {
    Commands.requireDecoded("<uri>", uri);
    if (number < 1) {
      throw new ConfigurationException("--number must be at least 1, is " + number);
    }
    RunContents contents = RunContents.read(uri, new Configuration());
    contents.model().ifPresent(this::describe);
    contents.checkpoint().ifPresent(this::describe);
    results(contents.events());
    for (String word : nearest) {
      SavedModel model =
          contents
              .model()
              .orElseThrow(
                  () -> new InputException("--nearest needs a model: " + uri + " has none"));
      neighbours(model, word);
    }
    return CommandLine.ExitCode.OK;
  }

  private void describe(SavedModel model) {
    System.out.println("Model");
    shape(model.shape());
    Vocabulary vocabulary = model.vocabulary();
    List<String> words = vocabulary.words();
    row("first words", String.join(" ", words.subList(0, Math.min(FIRST_WORDS, words.size()))));
    row("unknown words", vocabulary.contains(Vocabulary.UNKNOWN) ? "<unk>" : "have no word");
    ParameterLayout.of(model.shape())
        .forEach(tensor -> row(tensor.name(), tensor.shape() + " " + range(model, tensor)));
    settings(model.settings());
  }

  private void describe(Checkpoint checkpoint) {
    TrainingState state = checkpoint.state();
    System.out.println("Checkpoint, its checksum is right");
    shape(checkpoint.run().plan().shape());
    row("epochs trained", state.epoch() + " of " + checkpoint.run().settings().train().epochs());
    row("rounds of epoch " + (state.epoch() + 1), Integer.toString(state.round()));
    row("digest of the text", checkpoint.run().corpus());
    settings(checkpoint.run().settings());
  }

  private void shape(LstmShape shape) {
    row("layers", Integer.toString(shape.layers()));
    row("units of each layer", shape.hiddenSizes().toString());
    row("units of embeddings", Integer.toString(shape.embeddingSize()));
    row("words", Integer.toString(shape.vocabularySize()));
    row("embeddings", shape.tiedEmbeddings() ? "tied to the softmax layer" : "not tied");
    row("parameters", String.format(Locale.ROOT, "%,d", shape.parameterCount()));
  }

  private static String range(SavedModel model, ParameterLayout.Tensor tensor) {
    float[] values = model.parameters();
    double squares = 0;
    for (int i = tensor.offset(); i < tensor.offset() + tensor.size(); i++) {
      squares += (double) values[i] * values[i];
    }
    return Double.isFinite(squares)
        ? String.format(Locale.ROOT, "root mean square %.4f", Math.sqrt(squares / tensor.size()))
        : "has values that are infinite or NaN";
  }

  /** The settings that are not those of reference.conf. */
  private void settings(Settings settings) {
    Map<String, String> defaults = SettingsLoader.load("small", null, List.of()).entries();
    String others =
        settings.entries().entrySet().stream()
            .filter(entry -> !entry.getValue().equals(defaults.get(entry.getKey())))
            .map(entry -> entry.getKey() + " = " + entry.getValue())
            .collect(Collectors.joining("\n" + " ".repeat(24)));
    row("settings", others.isEmpty() ? "all defaults" : others);
  }

  private void results(List<JsonNode> events) {
    List<JsonNode> epochs =
        events.stream().filter(event -> event.path("event").asText().equals("epoch")).toList();
    if (!epochs.isEmpty()) {
      System.out.println("Results");
      System.out.println("  epoch    rate     train     valid   tokens/s");
    }
    for (JsonNode epoch : epochs) {
      System.out.println(
          String.format(
              Locale.ROOT,
              "  %5d  %6.3f  %8.3f  %8.3f  %9.0f",
              epoch.path("epoch").asInt(),
              epoch.path("rate").asDouble(),
              epoch.path("train_perplexity").asDouble(),
              epoch.path("valid_perplexity").asDouble(),
              epoch.path("tokens_per_second").asDouble()));
    }
    events.stream()
        .filter(event -> event.path("event").asText().equals("test"))
        .forEach(
            test ->
                row(
                    "test perplexity",
                    String.format(Locale.ROOT, "%.3f", test.path("perplexity").asDouble())));
  }

  private void neighbours(SavedModel model, String word) {
    if (!model.vocabulary().contains(word)) {
      throw new InputException("The model does not know the word '%s'".formatted(word));
    }
    int asked = model.vocabulary().id(word).orElseThrow();
    double[] cosines =
        IntStream.range(0, model.vocabulary().size())
            .mapToDouble(other -> cosine(model, asked, other))
            .toArray();
    System.out.println("Nearest to " + word);
    IntStream.range(0, cosines.length)
        .filter(other -> other != asked)
        .boxed()
        .sorted(Comparator.comparing((Integer other) -> -cosines[other]))
        .limit(number)
        .forEach(
            other ->
                row(
                    model.vocabulary().words().get(other),
                    String.format(Locale.ROOT, "%.3f", cosines[other])));
  }

  /** Of the rows of embedding.weight [V, E], the first tensor. */
  private static double cosine(SavedModel model, int a, int b) {
    float[] values = model.parameters();
    int e = model.shape().embeddingSize();
    double product = 0;
    double ofA = 0;
    double ofB = 0;
    for (int i = 0; i < e; i++) {
      double x = values[a * e + i];
      double y = values[b * e + i];
      product += x * y;
      ofA += x * x;
      ofB += y * y;
    }
    return product / Math.sqrt(ofA * ofB);
  }

  private void row(String name, String value) {
    System.out.println(String.format(Locale.ROOT, "  %-20s  %s", name, value));
  }
}
