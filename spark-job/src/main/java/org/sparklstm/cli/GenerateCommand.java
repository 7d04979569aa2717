package org.sparklstm.cli;

import java.io.IOException;
import java.io.PrintStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.stream.IntStream;
import org.apache.hadoop.conf.Configuration;
import org.sparklstm.engine.Engines;
import org.sparklstm.engine.Replica;
import org.sparklstm.error.ConfigurationException;
import org.sparklstm.error.InputException;
import org.sparklstm.generate.Generator;
import org.sparklstm.generate.Sampler;
import org.sparklstm.generate.WordWriter;
import org.sparklstm.run.SavedModel;
import org.sparklstm.text.Normalization;
import org.sparklstm.text.Vocabulary;
import org.sparklstm.text.WhiteSpace;
import picocli.CommandLine;
import picocli.CommandLine.ArgGroup;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** The command line of {@code PtbGenerate}. */
@Command(
    name = "PtbGenerate",
    mixinStandardHelpOptions = true,
    sortOptions = false,
    description = "Continues a text with a trained model. The same command prints the same text.",
    exitCodeListHeading = "%nExit codes:%n",
    exitCodeList = {"0:done", "1:failed, or the model cannot be used", "2:wrong usage"})
public final class GenerateCommand implements Callable<Integer> {
  private static final String BETWEEN_SAMPLES = "---------------";

  @Mixin private ModelPath modelPath = new ModelPath();

  @ArgGroup private Prompt prompt = new Prompt();

  /** Where the prompt is. */
  static final class Prompt {
    @Option(
        names = "--prompt",
        paramLabel = "<text>",
        defaultValue = "",
        description = "Text to continue (default: the beginning of a sentence)")
    private String text = "";

    @Option(
        names = "--prompt-file",
        paramLabel = "<file>",
        description = "The same in a file of this machine, in UTF-8")
    private Path file;
  }

  @Option(
      names = "--length",
      paramLabel = "<words>",
      defaultValue = "200",
      description = "Words to add, line ends included (default: ${DEFAULT-VALUE})")
  private int length;

  @Option(
      names = "--samples",
      paramLabel = "<n>",
      defaultValue = "1",
      description = "Texts to write (default: ${DEFAULT-VALUE})")
  private int samples;

  @Option(
      names = "--temperature",
      paramLabel = "<t>",
      defaultValue = "0.8",
      description =
          "Below 1 likely words are drawn more often, above 1 less often; 0: always the likeliest"
              + " (default: ${DEFAULT-VALUE})")
  private double temperature;

  @Option(
      names = "--top-k",
      paramLabel = "<k>",
      defaultValue = "200",
      description = "Draw from the k likeliest words only (default: ${DEFAULT-VALUE})")
  private int topK;

  @Option(
      names = "--top-p",
      paramLabel = "<p>",
      defaultValue = "1.0",
      description =
          "Draw from the likeliest words only, as few as together have this probability (default:"
              + " ${DEFAULT-VALUE})")
  private double topP;

  @Option(
      names = "--seed",
      paramLabel = "<n>",
      defaultValue = "1",
      description = "Another seed gives another text (default: ${DEFAULT-VALUE})")
  private long seed;

  @Option(names = "--allow-unknown", description = "Let <unk> be drawn too")
  private boolean allowUnknown;

  @Override
  public Integer call() throws IOException {
    Sampler sampler = sampler();
    String text = prompt.file == null ? prompt.text : read(prompt.file);
    SavedModel model = SavedModel.read(modelPath.uri(), new Configuration());
    Normalization normalization = model.settings().data().normalization();
    int[] ids = ids(normalization.apply(text), model.vocabulary());
    try (Replica replica = Engines.here(model.shape()).replica(model.shape(), samples)) {
      replica.setParameters(model.parameters());
      Generator generator = new Generator(replica, model.vocabulary(), sampler, allowUnknown);
      print(generator, text, ids);
    }
    return CommandLine.ExitCode.OK;
  }

  private Sampler sampler() {
    if (length < 1 || samples < 1) {
      throw new ConfigurationException("--length and --samples must be at least 1");
    }
    try {
      return new Sampler(temperature, topK, topP);
    } catch (IllegalArgumentException e) {
      throw new ConfigurationException(e.getMessage(), e);
    }
  }

  private static String read(Path file) {
    try {
      return Files.readString(file);
    } catch (IOException e) {
      throw new InputException(
          "Cannot read --prompt-file %s: %s".formatted(file, InputException.firstLine(e)), e);
    }
  }

  /** {@code <eos>}, after which a sentence begins, and the words of the prompt. */
  private static int[] ids(String text, Vocabulary vocabulary) {
    List<String> words = new ArrayList<>(List.of(Vocabulary.END_OF_SENTENCE));
    Arrays.stream(
            text.replace("\n", " " + Vocabulary.END_OF_SENTENCE + " ")
                .split(WhiteSpace.PATTERN, -1))
        .filter(word -> !word.isEmpty())
        .forEach(words::add);
    List<String> unknown = words.stream().filter(word -> !vocabulary.contains(word)).toList();
    if (!unknown.isEmpty() && !vocabulary.contains(Vocabulary.UNKNOWN)) {
      throw new InputException(
          "Cannot continue the prompt: the model does not know %s, and has no %s to stand for them"
              .formatted(String.join(", ", unknown), Vocabulary.UNKNOWN));
    }
    if (!unknown.isEmpty()) {
      System.err.printf(
          "The model reads %s for what it does not know: %s%n",
          Vocabulary.UNKNOWN, String.join(", ", unknown));
    }
    return words.stream().mapToInt(word -> vocabulary.id(word).orElseThrow()).toArray();
  }

  /** Prints one sample while it is drawn, several one after the other. */
  private void print(Generator generator, String text, int[] ids) {
    PrintStream out = System.out;
    if (samples == 1) {
      WordWriter words = new WordWriter(text, out);
      out.flush();
      generator.generate(
          1,
          ids,
          length,
          seed,
          (word, sample) -> {
            words.add(word);
            out.flush();
          });
      out.println();
      return;
    }
    StringBuilder[] texts =
        IntStream.range(0, samples)
            .mapToObj(i -> new StringBuilder())
            .toArray(StringBuilder[]::new);
    List<WordWriter> words =
        Arrays.stream(texts).map(sample -> new WordWriter(text, sample)).toList();
    generator.generate(samples, ids, length, seed, (word, sample) -> words.get(sample).add(word));
    for (StringBuilder sample : texts) {
      out.println(sample);
      out.println(BETWEEN_SAMPLES);
    }
  }
}
