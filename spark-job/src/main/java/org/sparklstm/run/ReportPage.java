package org.sparklstm.run;

import static org.sparklstm.run.MetricsLog.value;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.UncheckedIOException;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.function.ToDoubleFunction;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.sparklstm.checkpoint.Run;
import org.sparklstm.config.Settings;
import org.sparklstm.config.SettingsLoader;

/**
 * A page of HTML that shows how a run goes: tables, and curves that the page draws itself. It needs
 * no network.
 */
final class ReportPage implements MetricsLog.Follower {
  /** Rounds that the page draws, at most: about a pixel each. */
  private static final int MOST_ROUNDS = 2000;

  private static final ObjectMapper JSON = new ObjectMapper();

  /** The paper's perplexities of a preset on the Penn Treebank. */
  private record Paper(String preset, String valid, String test) {}

  private static final List<Paper> PAPER =
      List.of(
          new Paper("small", "120.7", "114.5"),
          new Paper("medium", "86.2", "82.7"),
          new Paper("large", "82.2", "78.4"));

  private final Run run;
  private final List<JsonNode> epochs = new ArrayList<>();
  private final List<JsonNode> validations = new ArrayList<>();
  private final List<JsonNode> rounds = new ArrayList<>();
  private final List<Double> workerMillis = new ArrayList<>(); // of all rounds
  private int everyRound = 1; // of how many rounds one is kept
  private long seenRounds;
  private String test = "–";

  ReportPage(Run run) {
    this.run = run;
  }

  @Override
  public void add(JsonNode event) {
    switch (event.path("event").asText()) {
      case "epoch" -> epochs.add(event);
      case "validation" -> validations.add(event);
      case "test" -> test = number(event, "perplexity", "%.1f");
      case "round" -> addRound(event);
      default -> {
        // of a later version
      }
    }
  }

  private void addRound(JsonNode round) {
    JsonNode workers = round.path("worker_ms");
    for (int worker = 0; worker < workers.size(); worker++) {
      if (worker == workerMillis.size()) {
        workerMillis.add(0.0);
      }
      workerMillis.set(worker, workerMillis.get(worker) + workers.path(worker).asDouble());
    }
    if (seenRounds++ % everyRound == 0) {
      rounds.add(round);
    }
    if (rounds.size() > 2 * MOST_ROUNDS) {
      List<JsonNode> kept =
          IntStream.range(0, (rounds.size() + 1) / 2).mapToObj(i -> rounds.get(2 * i)).toList();
      rounds.clear();
      rounds.addAll(kept);
      everyRound *= 2;
    }
  }

  /** The page as it is now. */
  String html() {
    Settings settings = run.settings();
    Map<String, Object> values = new HashMap<>();
    values.put("title", title(settings));
    values.put(
        "about",
        String.format(
            Locale.ROOT,
            "%,d parameters, a vocabulary of %,d words, %s workers.",
            run.plan().shape().parameterCount(),
            run.vocabularySize(),
            settings.cluster().workers().orElse(1)));
    JsonNode best =
        epochs.stream()
            .min(Comparator.comparingDouble(epoch -> epoch.path("valid_perplexity").asDouble()))
            .orElse(JSON.createObjectNode());
    values.put(
        "tiles",
        List.of(
            tile("epochs done", epochs.size() + " of " + settings.train().epochs()),
            tile("best valid perplexity", number(best, "valid_perplexity", "%.1f")),
            tile("test perplexity", test),
            tile("tokens a second, last epoch", number(last(), "tokens_per_second", "%,.0f"))));
    values.put("epochs", epochs.stream().map(ReportPage::row).toList());
    values.put("rounds", seenRounds);
    values.put("workers", workers());
    values.put("hasWorkers", workerMillis.size() > 1);
    List<Map<String, String>> samples = samples();
    values.put("samples", samples);
    values.put("hasSamples", !samples.isEmpty());
    values.put("thinned", everyRound == 1 ? null : everyRound);
    paper().ifPresent(paper -> values.putAll(paperTable(paper)));
    values.putIfAbsent("hasPaper", false);
    values.put("changed", changed(settings));
    values.put("settings", settings.render());
    values.put("data", data());
    values.put(
        "plotStyle",
        Templates.resource("/META-INF/resources/webjars/uplot/1.6.30/dist/uPlot.min.css"));
    values.put(
        "plotScript",
        Templates.resource("/META-INF/resources/webjars/uplot/1.6.30/dist/uPlot.iife.min.js"));
    return Templates.fill("report.mustache", values);
  }

  /** What each worker's windows took of a round, in the mean. */
  private List<Map<String, String>> workers() {
    double most = workerMillis.stream().mapToDouble(Double::doubleValue).max().orElse(1);
    return IntStream.range(0, workerMillis.size())
        .mapToObj(
            worker -> {
              double millis = workerMillis.get(worker);
              return Map.of(
                  "worker", Integer.toString(worker + 1),
                  "millis", String.format(Locale.ROOT, "%,.0f", millis / seenRounds),
                  "share", String.format(Locale.ROOT, "%.0f", 100 * millis / Math.max(most, 1)));
            })
        .toList();
  }

  private List<Map<String, String>> samples() {
    return epochs.stream()
        .filter(epoch -> epoch.has("sample"))
        .map(
            epoch ->
                Map.of(
                    "epoch", epoch.path("epoch").asText(), "text", epoch.path("sample").asText()))
        .toList();
  }

  private static String title(Settings settings) {
    Settings.Model model = settings.model();
    boolean same = model.hiddenSizes().stream().distinct().count() == 1;
    String sizes =
        model.hiddenSizes().stream()
            .limit(same ? 1 : model.layers())
            .map(String::valueOf)
            .collect(Collectors.joining(", "));
    return "Language model: %s LSTM layer%s of %s units"
        .formatted(model.layers(), model.layers() == 1 ? "" : "s", sizes);
  }

  private JsonNode last() {
    return epochs.isEmpty() ? JSON.createObjectNode() : epochs.get(epochs.size() - 1);
  }

  private static Map<String, String> tile(String name, String value) {
    return Map.of("name", name, "value", value);
  }

  private static Map<String, String> row(JsonNode epoch) {
    return Map.of(
        "epoch", number(epoch, "epoch", "%.0f"),
        "rate", number(epoch, "rate", "%.4f"),
        "train", number(epoch, "train_perplexity", "%.2f"),
        "valid", number(epoch, "valid_perplexity", "%.2f"),
        "speed", number(epoch, "tokens_per_second", "%,.0f"));
  }

  private static String number(JsonNode event, String key, String format) {
    return event.path(key).isNumber()
        ? String.format(Locale.ROOT, format, event.path(key).asDouble())
        : "–";
  }

  /** The paper's results, if this is one of its models. */
  private Optional<Paper> paper() {
    Settings settings = run.settings();
    return PAPER.stream()
        .filter(
            paper ->
                SettingsLoader.load(paper.preset(), null, List.of())
                        .model()
                        .equals(settings.model())
                    && run.vocabularySize() == settings.vocabulary().size())
        .findFirst();
  }

  private Map<String, Object> paperTable(Paper paper) {
    return Map.of(
        "hasPaper", true,
        "preset", paper.preset(),
        "valid", number(last(), "valid_perplexity", "%.1f"),
        "test", test,
        "paperValid", paper.valid(),
        "paperTest", paper.test());
  }

  private static List<Map<String, String>> changed(Settings settings) {
    Map<String, String> defaults = SettingsLoader.load("small", null, List.of()).entries();
    return settings.entries().entrySet().stream()
        .filter(entry -> !entry.getValue().equals(defaults.get(entry.getKey())))
        .map(entry -> Map.of("key", entry.getKey(), "value", entry.getValue()))
        .toList();
  }

  /** Columns of numbers for the curves, the first of each by epochs. */
  private String data() {
    Map<String, Object> data = new HashMap<>();
    Map<Integer, Integer> lastRounds = new HashMap<>(); // by epoch
    rounds.forEach(
        round ->
            lastRounds.merge(round.path("epoch").asInt(), round.path("round").asInt(), Math::max));
    ToDoubleFunction<JsonNode> progress = event -> progress(event, lastRounds);
    List<JsonNode> validated =
        Stream.concat(validations.stream(), epochs.stream())
            .sorted(Comparator.comparingDouble(progress))
            .toList();
    data.put(
        "perplexity",
        List.of(
            column(validated, progress),
            column(validated, event -> value(event, "train_perplexity")),
            column(validated, event -> value(event, "valid_perplexity"))));
    data.put(
        "rate", List.of(column(epochs, progress), column(epochs, event -> value(event, "rate"))));
    List<Double> ofRounds = column(rounds, progress);
    data.put("norm", List.of(ofRounds, column(rounds, event -> value(event, "gradient_norm"))));
    data.put(
        "speed",
        List.of(
            ofRounds,
            column(rounds, event -> 1000 * value(event, "tokens") / value(event, "total_ms"))));
    data.put(
        "time",
        List.of(
            ofRounds,
            column(rounds, event -> value(event, "broadcast_ms")),
            column(rounds, event -> value(event, "compute_ms")),
            column(rounds, event -> value(event, "combine_ms")),
            column(
                rounds,
                event ->
                    value(event, "total_ms")
                        - value(event, "broadcast_ms")
                        - value(event, "compute_ms")
                        - value(event, "combine_ms"))));
    try {
      return JSON.writeValueAsString(data).replace("<", "\\u003c"); // no end of the script element
    } catch (JsonProcessingException e) {
      throw new UncheckedIOException(e);
    }
  }

  /** Epochs that were trained at an event. */
  private static double progress(JsonNode event, Map<Integer, Integer> lastRounds) {
    int epoch = event.path("epoch").asInt();
    return event.has("round")
        ? epoch - 1 + event.path("round").asDouble() / lastRounds.getOrDefault(epoch, 1)
        : epoch;
  }

  /** Numbers to four digits, null where there is none. */
  private static List<Double> column(List<JsonNode> events, ToDoubleFunction<JsonNode> value) {
    List<Double> column = new ArrayList<>();
    for (JsonNode event : events) {
      double number = value.applyAsDouble(event);
      column.add(
          Double.isFinite(number)
              ? Double.valueOf(String.format(Locale.ROOT, "%.5g", number))
              : null);
    }
    return column;
  }
}
