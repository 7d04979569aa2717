package org.sparklstm.testing;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.stream.IntStream;
import java.util.zip.GZIPOutputStream;
import org.sparklstm.averaging.ShardedLanes;
import org.sparklstm.config.Settings;
import org.sparklstm.config.SettingsLoader;
import org.sparklstm.corpus.PreparedCorpus;
import org.sparklstm.corpus.Texts;
import org.sparklstm.text.LaneReader;
import org.sparklstm.text.LaneShard;
import org.sparklstm.text.Normalization;
import org.sparklstm.text.Window;

/** Corpora for tests, and what must come of them, read on one machine line by line. */
public final class Corpus {
  public static final String TRAIN =
      "the cat sat\non the mat\nthe cat ran\nthe dog sat on the cat\n";
  public static final String VALID = "the dog ran\nthe mat sat\n";
  public static final String TEST = "the cat sat on the dog\n";

  private Corpus() {}

  /** Writes the three parts under {@code prefix}{train,valid,test}.txt. */
  public static Path write(Path directory, String prefix, String train, String valid, String test)
      throws IOException {
    Files.writeString(directory.resolve(prefix + "train.txt"), train);
    Files.writeString(directory.resolve(prefix + "valid.txt"), valid);
    Files.writeString(directory.resolve(prefix + "test.txt"), test);
    return directory;
  }

  public static Path write(Path directory) throws IOException {
    return write(directory, "", TRAIN, VALID, TEST);
  }

  public static byte[] gzip(String text) throws IOException {
    ByteArrayOutputStream bytes = new ByteArrayOutputStream();
    try (OutputStream out = new GZIPOutputStream(bytes)) {
      out.write(text.getBytes(StandardCharsets.UTF_8));
    }
    return bytes.toByteArray();
  }

  /** The settings of a tiny network with {@code overrides}. */
  public static Settings settings(String... overrides) {
    List<String> all =
        new ArrayList<>(List.of("model.hidden-size=3", "data.lanes=2", "vocabulary.min-count=1"));
    Collections.addAll(all, overrides);
    return SettingsLoader.load("test", null, all);
  }

  public static PreparedCorpus prepare(Path directory, int workers, String... overrides) {
    Settings settings = settings(overrides);
    return PreparedCorpus.prepare(
        () -> Texts.ofFiles(LocalSpark.session(), directory.toString(), Normalization.NONE),
        settings,
        Optional.empty(),
        tokens -> settings.with("cluster.workers", workers));
  }

  /** The words of a text and an end for each line end, as the tutorial has them in Python. */
  public static List<String> tokens(String text) {
    return Arrays.stream(
            text.replace("\n", " <eos> ").split("[\\p{IsWhite_Space}\u001C\u001D\u001E\u001F]+"))
        .filter(word -> !word.isEmpty())
        .toList();
  }

  /** All words of a text, the most frequent first. */
  public static List<String> vocabulary(String text) {
    Map<String, Integer> counts = new TreeMap<>();
    tokens(text).forEach(word -> counts.merge(word, 1, Integer::sum));
    return counts.entrySet().stream()
        .sorted(Comparator.comparing((Map.Entry<String, Integer> entry) -> -entry.getValue()))
        .map(Map.Entry::getKey)
        .toList();
  }

  /** The ids of each lane, as far as windows reach. */
  public static int[][] lanes(
      String text, List<String> vocabulary, int lanes, int window, boolean keepPartialWindow) {
    int[] ids = tokens(text).stream().mapToInt(vocabulary::indexOf).toArray();
    int length = ids.length / lanes;
    int used = keepPartialWindow ? length : (length - 1) / window * window + 1;
    int[][] cut = new int[lanes][];
    for (int lane = 0; lane < lanes; lane++) {
      cut[lane] = Arrays.copyOfRange(ids, lane * length, lane * length + used);
    }
    return cut;
  }

  /** What each worker has, in worker order. */
  public static List<LaneShard> shards(ShardedLanes text) {
    int windows = text.windows();
    return text.readers().map(reader -> shard(reader, windows)).collect();
  }

  private static LaneShard shard(LaneReader reader, int windows) {
    List<Window> read = IntStream.range(0, windows).mapToObj(reader::window).toList();
    int[][] tokens = new int[reader.lanes()][];
    for (int lane = 0; lane < tokens.length; lane++) {
      int b = lane;
      Window last = read.get(windows - 1);
      tokens[lane] =
          IntStream.concat(
                  read.stream()
                      .flatMapToInt(
                          window ->
                              IntStream.range(0, window.length())
                                  .map(t -> window.inputs()[t * window.lanes() + b])),
                  IntStream.of(last.targets()[(last.length() - 1) * last.lanes() + b]))
              .toArray();
    }
    return new LaneShard(reader.firstLane(), read.get(0).length(), tokens);
  }

  /** The lanes of all workers in their order. */
  public static int[][] lanes(ShardedLanes text) {
    return shards(text).stream()
        .flatMap(shard -> Arrays.stream(shard.tokens()))
        .toArray(int[][]::new);
  }
}
