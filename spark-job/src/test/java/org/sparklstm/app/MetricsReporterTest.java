package org.sparklstm.app;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.offset;

import java.io.IOException;
import java.io.InputStream;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.apache.spark.sql.SparkSession;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.sparklstm.cluster.SparkStart;
import org.sparklstm.cluster.TrainingMetrics;
import org.sparklstm.config.Settings;
import org.sparklstm.corpus.Texts;
import org.sparklstm.run.RunListener;
import org.sparklstm.testing.Corpus;
import org.sparklstm.testing.LocalSpark;
import org.sparklstm.text.Normalization;
import org.sparklstm.train.RoundSummary;

/**
 * What the page that Prometheus reads has of a run, in a Spark that is started as PtbTrain does.
 */
class MetricsReporterTest {
  private static final Map<String, String> SPARK =
      Map.of(
          "spark.master", "local[2]",
          "spark.ui.enabled", "true",
          "spark.ui.port", "0",
          "spark.metrics.namespace", "lstm",
          "spark.metrics.conf.*.sink.prometheusServlet.class",
              "org.apache.spark.metrics.sink.PrometheusServlet",
          "spark.metrics.conf.*.sink.prometheusServlet.path", "/metrics/prometheus");

  /** A gauge of ours, as the page writes it. */
  private static final Pattern GAUGE =
      Pattern.compile(
          "metrics_lstm_driver_plugin_org_sparklstm_cluster_TrainingMetrics_(\\w+)_Value"
              + "\\{type=\"gauges\"} (\\S+)");

  @TempDir private Path directory;
  private SparkSession spark;

  @BeforeEach
  void start() throws Exception {
    LocalSpark.session().stop();
    SPARK.forEach(System::setProperty);
    spark = SparkStart.start(Corpus.settings());
  }

  @AfterEach
  void stop() {
    spark.stop();
    SPARK.keySet().forEach(System::clearProperty);
  }

  /** An epoch has 2 lanes of 94 windows of 2 tokens, in 18 rounds of 20 tokens and one of 16. */
  @Test
  void prometheusSeesHowTrainingGoes() throws IOException {
    Settings settings =
        Corpus.settings(
            "train.epochs=2",
            "train.learning-rate=0.5",
            "train.full-rate-epochs=1",
            "train.decay=0.5",
            "train.validate-every=150",
            "averaging.period=5",
            "cluster.workers=2");
    Corpus.write(directory, "", Corpus.TRAIN.repeat(20), Corpus.VALID, Corpus.TEST);
    Page page = new Page(spark.sparkContext().uiWebUrl().get());
    TrainingMetrics.clear(); // of earlier tests
    assertThat(page.gauges()).hasSize(7);
    assertThat(page.gauges().values()).allMatch(value -> value.isNaN());

    Reader reader = new Reader(page);
    new TrainJob(spark, Optional.empty(), List.of(reader))
        .run(settings, () -> Texts.ofFiles(spark, directory.toString(), Normalization.NONE));

    assertThat(reader.seen).hasSize(2 * 19).isEqualTo(reader.expected);
    Map<String, Double> end = page.gauges();
    assertThat(end)
        .containsEntry("epoch", 2.0)
        .containsEntry("round", 19.0)
        .containsEntry("learningRate", 0.25)
        .containsEntry("trainPerplexity", reader.last.loss().perplexity())
        .containsEntry("validPerplexity", reader.last.valid());
    assertThat(end.get("tokensPerSecond") * end.get("roundSeconds")).isCloseTo(16, offset(1e-9));
  }

  /** The page that Prometheus reads. */
  private record Page(String ui) {
    Map<String, Double> gauges() throws IOException {
      URI uri =
          URI.create("http://localhost:%s/metrics/prometheus".formatted(URI.create(ui).getPort()));
      try (InputStream in = uri.toURL().openStream()) {
        String text = new String(in.readAllBytes(), StandardCharsets.UTF_8);
        return GAUGE
            .matcher(text)
            .results()
            .collect(
                Collectors.toMap(found -> found.group(1), found -> Double.valueOf(found.group(2))));
      }
    }
  }

  /** Reads the page at each end of a round, when it still has the numbers of the round before. */
  private static final class Reader implements RunListener {
    private final Page page;
    private final List<List<Double>> seen = new ArrayList<>();
    private final List<List<Double>> expected = new ArrayList<>();
    private double train = Double.NaN;
    private double valid = Double.NaN;
    private EpochSummary last;

    Reader(Page page) {
      this.page = page;
    }

    @Override
    public void validated(Validation validation) {
      valid = validation.perplexity();
    }

    @Override
    public void roundEnded(RoundSummary round) throws IOException {
      Map<String, Double> gauges = page.gauges();
      seen.add(
          Stream.of("epoch", "round", "learningRate", "trainPerplexity", "validPerplexity")
              .map(gauges::get)
              .toList());
      double epoch = round.state().epoch() + 1;
      expected.add(List.of(epoch, round.state().round() - 1.0, 0.5 / epoch, train, valid));
      train = round.state().loss().perplexity();
    }

    @Override
    public void epochEnded(EpochSummary epoch) {
      valid = epoch.valid();
      last = epoch;
    }
  }
}
