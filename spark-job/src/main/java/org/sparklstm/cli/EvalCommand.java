package org.sparklstm.cli;

import java.io.PrintStream;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.concurrent.Callable;
import org.apache.hadoop.conf.Configuration;
import org.apache.spark.sql.SparkSession;
import org.sparklstm.app.EvalJob;
import org.sparklstm.cluster.SparkStart;
import org.sparklstm.cluster.Watchdog;
import org.sparklstm.corpus.Texts;
import org.sparklstm.error.ConfigurationException;
import org.sparklstm.run.SavedModel;
import org.sparklstm.score.DynamicEvaluation;
import org.sparklstm.score.NeuralCache;
import org.sparklstm.text.Normalization;
import org.sparklstm.text.Vocabulary;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;

/** The command line of {@code PtbEval}. */
@Command(
    name = "PtbEval",
    mixinStandardHelpOptions = true,
    sortOptions = false,
    description =
        "Gives the perplexity of texts under a trained model, as training gives that of its test part:"
            + " each text is one stream, and all its words but the first are predicted.",
    exitCodeListHeading = "%nExit codes:%n",
    exitCodeList = {"0:done", "1:failed, or a text cannot be used", "2:wrong usage"})
public final class EvalCommand implements Callable<Integer> {
  @Option(
      names = "--model-path",
      paramLabel = "<uri>",
      required = true,
      description =
          ModelPath.DESCRIPTION
              + "; may be repeated: models of the same words are an ensemble, and their probabilities"
              + " are averaged")
  private List<String> modelPaths;

  @Option(
      names = "--data-path",
      paramLabel = "<uri>",
      required = true,
      arity = "1..*",
      description =
          "Texts in UTF-8, or .gz, each a file or a directory of part files, on any Hadoop file system")
  private List<String> dataPaths;

  /** What a line of the table is. */
  enum Per {
    line,
    word
  }

  @Option(
      names = "--per",
      paramLabel = "line|word",
      description =
          "Print a table with tabs: of each word its id, −ln p and whether it is unknown, or of each line"
              + " its perplexity, Σ −ln p, words, unknown words and text. The totals then go to standard"
              + " error")
  private Per per;

  @Option(
      names = "--dynamic-rate",
      paramLabel = "<rate>",
      defaultValue = "0",
      description =
          "Dynamic evaluation: after each 20 words the model takes a step of this learning rate on them"
              + " and so adapts to the text, for example 0.4. Default: 0, no step")
  private double dynamicRate;

  @Option(
      names = "--dynamic-decay",
      paramLabel = "<share>",
      defaultValue = "0.02",
      description =
          "Share of the way back to the trained parameters for each step of dynamic evaluation; the model"
              + " goes back after each ten. Default: ${DEFAULT-VALUE}")
  private double dynamicDecay;

  @Option(
      names = "--cache-words",
      paramLabel = "<n>",
      defaultValue = "0",
      description =
          "A neural cache of so many words: what followed a state like the present one is likely to"
              + " follow again, for example 500. Default: 0, no cache")
  private int cacheWords;

  @Option(
      names = "--cache-weight",
      paramLabel = "<share>",
      defaultValue = "0.15",
      description = "Share of the cache in a probability. Default: ${DEFAULT-VALUE}")
  private double cacheWeight;

  @Option(
      names = "--cache-flatness",
      paramLabel = "<theta>",
      defaultValue = "0.6",
      description =
          "How much more a state like the present one counts than another, 0: not more. Default:"
              + " ${DEFAULT-VALUE}")
  private double cacheFlatness;

  @Override
  public Integer call() throws Exception {
    DynamicEvaluation dynamic = new DynamicEvaluation(dynamicRate, dynamicDecay);
    NeuralCache.Options cache = new NeuralCache.Options(cacheWords, cacheWeight, cacheFlatness);
    modelPaths.forEach(path -> Commands.requireDecoded("--model-path", path));
    dataPaths.forEach(path -> Commands.requireDecoded("--data-path", path));
    SparkSession spark = SparkStart.start("PtbEval", Commands.START_LIMIT);
    try (Watchdog watchdog = new Watchdog(spark.sparkContext(), Commands.TASK_LIMIT)) {
      try {
        evaluate(spark, dynamic, cache);
        return CommandLine.ExitCode.OK;
      } catch (Exception e) { // Scala throws what it does not declare
        throw watchdog.explained(e);
      }
    } finally {
      spark.stop();
    }
  }

  private void evaluate(SparkSession spark, DynamicEvaluation dynamic, NeuralCache.Options cache) {
    List<SavedModel> models = models(spark.sparkContext().hadoopConfiguration());
    EvalJob job = new EvalJob(models, dynamic, cache);
    if (per != null) {
      System.out.println(
          (dataPaths.size() > 1 ? "file\t" : "")
              + (per == Per.word
                  ? "word\tid\tnats\tunknown"
                  : "perplexity\tnats\twords\tunknown\tline"));
    }
    for (String path : dataPaths) {
      evaluate(job, Texts.ofFile(spark, path, normalization(models.get(0))));
    }
  }

  /**
   * The models of an ensemble.
   *
   * @throws ConfigurationException if they do not read the same words
   */
  private List<SavedModel> models(Configuration hadoop) {
    List<SavedModel> models = new ArrayList<>();
    for (String path : modelPaths) {
      SavedModel model = SavedModel.read(path, hadoop);
      SavedModel first = models.isEmpty() ? model : models.get(0);
      if (!model.vocabulary().words().equals(first.vocabulary().words())
          || normalization(model) != normalization(first)) {
        throw new ConfigurationException(
            "Cannot average %s and %s: their vocabularies or data.normalization differ"
                .formatted(modelPaths.get(0), path));
      }
      models.add(model);
    }
    return models;
  }

  private static Normalization normalization(SavedModel model) {
    return model.settings().data().normalization();
  }

  private void evaluate(EvalJob job, Texts.Text text) {
    String file = dataPaths.size() > 1 ? text.name() + "\t" : "";
    Lines lines = new Lines(file);
    EvalJob.WordListener listener =
        per == null
            ? (word, id, unknown, nats) -> {}
            : per == Per.word
                ? (word, id, unknown, nats) -> printWord(file, word, id, unknown, nats)
                : lines;
    EvalJob.Evaluation found = job.evaluate(text.name(), text.words(), listener);
    lines.end();
    text.tokens().unpersist();
    PrintStream out = per == null ? System.out : System.err;
    long words = found.all().tokens();
    out.println(
        String.format(
            Locale.ROOT,
            "%s: perplexity %.3f of %d predictions; %.3f of %d without unknown words, %.2f %%",
            text.name(),
            found.all().perplexity(),
            words,
            found.known().perplexity(),
            found.known().tokens(),
            100.0 * found.unknown() / (words + 1)));
  }

  private static void printWord(String file, String word, int id, boolean unknown, double nats) {
    System.out.println(file + word + "\t" + id + "\t" + number(nats) + "\t" + unknown);
  }

  /** A number with all its digits; nothing for the first word, which is not predicted. */
  private static String number(double nats) {
    return Double.isNaN(nats) ? "" : Double.toString(nats);
  }

  /** Prints a line when its end has come. */
  private static final class Lines implements EvalJob.WordListener {
    private final String file;
    private final StringBuilder line = new StringBuilder();
    private double nats;
    private int predictions;
    private int words;
    private int unknownWords;

    /** Lines of a file, before which its column stands. */
    Lines(String file) {
      this.file = file;
    }

    @Override
    public void scored(String word, int id, boolean unknown, double wordNats) {
      if (!Double.isNaN(wordNats)) {
        nats += wordNats;
        predictions++;
      }
      if (!word.equals(Vocabulary.END_OF_SENTENCE)) {
        line.append(words == 0 ? "" : " ").append(word);
        words++;
        unknownWords += unknown ? 1 : 0;
      } else {
        print();
      }
    }

    /** Prints a last line that has no end. */
    void end() {
      if (words > 0) {
        print();
      }
    }

    private void print() {
      System.out.println(
          file
              + Math.exp(nats / predictions)
              + "\t"
              + nats
              + "\t"
              + words
              + "\t"
              + unknownWords
              + "\t"
              + line);
      line.setLength(0);
      nats = 0;
      predictions = 0;
      words = 0;
      unknownWords = 0;
    }
  }
}
