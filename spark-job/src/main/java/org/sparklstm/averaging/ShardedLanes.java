package org.sparklstm.averaging;

import java.io.Serializable;
import java.util.Arrays;
import java.util.Iterator;
import java.util.List;
import java.util.stream.IntStream;
import org.apache.spark.Partition;
import org.apache.spark.Partitioner;
import org.apache.spark.api.java.JavaPairRDD;
import org.apache.spark.api.java.JavaRDD;
import org.apache.spark.rdd.PartitionCoalescer;
import org.apache.spark.rdd.PartitionGroup;
import org.apache.spark.rdd.RDD;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Row;
import org.apache.spark.storage.StorageLevel;
import org.sparklstm.text.LaneAssignment;
import org.sparklstm.text.LaneReader;
import org.sparklstm.text.LaneShard;
import org.sparklstm.text.TextCut;
import org.sparklstm.text.WindowShift;
import scala.Option;
import scala.Tuple2;

/**
 * A text at the workers that own its lanes, in stretches of at most 1 MiB of word ids, or of eight
 * windows if these have more. Each stretch is a partition, so a round's task reads the stretches of
 * its windows only. Stretches of a text of at most 64 MiB are kept in memory while there is room,
 * those of a longer text on disk.
 */
public final class ShardedLanes implements AutoCloseable {
  private static final int STRETCH_TOKENS = 1 << 18;
  private static final long MEMORY_BYTES = 64 << 20;

  private final JavaRDD<LaneShard> stretches; // of worker 0 in order, then of worker 1, …
  private final Layout layout;

  private ShardedLanes(JavaRDD<LaneShard> stretches, Layout layout) {
    this.stretches = stretches;
    this.layout = layout;
  }

  /**
   * Windows that a task reads.
   *
   * @param worker whose lanes
   * @param from first window
   * @param to behind the last window
   */
  record Span(int worker, int from, int to) implements Serializable {}

  /**
   * Which stretch is which partition.
   *
   * @param length windows of a stretch but for the last, which may have fewer
   */
  private record Layout(TextCut cut, LaneAssignment lanes, int length) implements Serializable {

    static Layout of(TextCut cut, LaneAssignment lanes, int stretchTokens) {
      long tokensOfWindow = (long) lanes.lanesOf(0) * cut.window(); // worker 0 has the most lanes
      int fixed = WindowShift.FIXED; // windows end where a stretch does
      long parts = Math.max(1, stretchTokens / tokensOfWindow / fixed);
      return new Layout(cut, lanes, (int) Math.min(parts, Integer.MAX_VALUE / fixed) * fixed);
    }

    int stretchesOfWorker() {
      return (cut.windows() - 1) / length + 1;
    }

    int partitions() {
      return Math.multiplyExact(lanes.workers(), stretchesOfWorker());
    }

    int partition(int worker, int window) {
      return worker * stretchesOfWorker() + window / length;
    }
  }

  /**
   * Computes and keeps all stretches.
   *
   * @param windows rows (lane, window, inputs, targets) in any order
   */
  public static ShardedLanes of(Dataset<Row> windows, TextCut cut, LaneAssignment lanes) {
    return of(
        windows
            .toJavaRDD()
            .mapToPair(row -> new Tuple2<>(key(row.getInt(0), row.getInt(1)), tokens(row))),
        cut,
        lanes);
  }

  /**
   * As above, for windows keyed by {@link #key}; each array is the inputs followed by the last
   * target. It fails if windows are missing or do not continue each other.
   */
  public static ShardedLanes of(
      JavaPairRDD<Long, int[]> windows, TextCut cut, LaneAssignment lanes) {
    return of(windows, cut, lanes, STRETCH_TOKENS, MEMORY_BYTES);
  }

  /**
   * As above.
   *
   * @param stretchTokens tokens of a stretch, at most, unless its least number of windows has more
   * @param memoryBytes of all word ids, at most, if they are to be kept in memory
   */
  static ShardedLanes of(
      JavaPairRDD<Long, int[]> windows,
      TextCut cut,
      LaneAssignment lanes,
      int stretchTokens,
      long memoryBytes) {
    Layout layout = Layout.of(cut, lanes, stretchTokens);
    JavaRDD<LaneShard> stretches =
        windows
            .repartitionAndSortWithinPartitions(new ByStretch(layout))
            .mapPartitionsWithIndex(
                (partition, rows) -> List.of(stretch(partition, rows, layout)).iterator(), true);
    ShardedLanes text = new ShardedLanes(stretches, layout);
    stretches.persist(
        text.bytes() <= memoryBytes ? StorageLevel.MEMORY_AND_DISK() : StorageLevel.DISK_ONLY());
    text.stretches(text.all()).foreachPartition(ShardedLanes::requireContinuous);
    return text;
  }

  /** Orders by lane, then window. */
  public static long key(int lane, int window) {
    return (long) lane << Integer.SIZE | window;
  }

  /** Windows in each lane. */
  public int windows() {
    return layout.cut().windows();
  }

  /** Lanes of the first worker. */
  int lanesOfFirst() {
    return layout.lanes().lanesOf(0);
  }

  /** Inputs of a window. */
  int window() {
    return layout.cut().window();
  }

  /** Bytes of all word ids. */
  private long bytes() {
    return layout.cut().lanes() * (layout.cut().predictions() + 1) * Integer.BYTES;
  }

  /** Bytes of word ids that are kept in memory, those of all workers together. */
  public long bytesInMemory() {
    return stretches.getStorageLevel().useMemory() ? bytes() : 0;
  }

  /**
   * One partition for each worker, in worker order, each with the one reader of all its windows.
   */
  public JavaRDD<LaneReader> readers() {
    return readers(all());
  }

  /** As above, for windows [from, to) of each worker. */
  JavaRDD<LaneReader> readers(int from, int to) {
    return readers(spans(from, to));
  }

  /** One partition for each span, in their order, each with the one reader of its windows. */
  JavaRDD<LaneReader> readers(List<Span> spans) {
    return stretches(spans).mapPartitions(read -> List.of(new LaneReader(read)).iterator());
  }

  /** All windows of each worker, in worker order. */
  List<Span> all() {
    return spans(0, windows());
  }

  private List<Span> spans(int from, int to) {
    return IntStream.range(0, layout.lanes().workers())
        .mapToObj(worker -> new Span(worker, from, to))
        .toList();
  }

  /**
   * The stretches of each span in order, one partition a span. They are read one after the other,
   * where the first of them is if there is a slot.
   */
  JavaRDD<LaneShard> stretches(List<Span> spans) {
    return stretches
        .rdd()
        .coalesce(spans.size(), false, Option.apply(new Select(layout, spans)), null)
        .toJavaRDD();
  }

  /** Makes a partition of the stretches of each span, and leaves the others out. */
  private record Select(Layout layout, List<Span> spans)
      implements PartitionCoalescer, scala.Serializable { // which Spark asks for
    @Override
    public PartitionGroup[] coalesce(int maxPartitions, RDD<?> parent) {
      Partition[] partitions = parent.partitions();
      return spans.stream()
          .map(
              span -> {
                PartitionGroup group = new PartitionGroup(Option.empty());
                int first = layout.partition(span.worker(), span.from());
                int last = layout.partition(span.worker(), span.to() - 1);
                for (int partition = first; partition <= last; partition++) {
                  group.partitions().$plus$eq(partitions[partition]);
                }
                return group;
              })
          .toArray(PartitionGroup[]::new);
    }
  }

  /** Inputs and the last target. */
  private static int[] tokens(Row row) {
    List<Integer> inputs = row.getList(2);
    List<Integer> targets = row.getList(3);
    int[] tokens = new int[inputs.size() + 1];
    for (int i = 0; i < inputs.size(); i++) {
      tokens[i] = inputs.get(i);
    }
    tokens[inputs.size()] = targets.get(inputs.size() - 1);
    return tokens;
  }

  private static LaneShard stretch(
      int partition, Iterator<Tuple2<Long, int[]>> rows, Layout layout) {
    TextCut cut = layout.cut();
    int worker = partition / layout.stretchesOfWorker();
    int firstWindow = partition % layout.stretchesOfWorker() * layout.length();
    int endWindow = (int) Math.min((long) firstWindow + layout.length(), cut.windows());
    long end = Math.min(cut.predictions(), (long) endWindow * cut.window());
    int length = Math.toIntExact(end - (long) firstWindow * cut.window() + 1);
    int firstLane = layout.lanes().firstLane(worker);
    int[][] tokens = new int[layout.lanes().lanesOf(worker)][length];
    long windows = 0;
    while (rows.hasNext()) {
      Tuple2<Long, int[]> row = rows.next();
      int lane = (int) (row._1() >> Integer.SIZE);
      int window = row._1().intValue();
      int[] ofLane = tokens[lane - firstLane];
      int start = (window - firstWindow) * cut.window();
      if (window > firstWindow) {
        requireContinuous(lane, window, ofLane[start], row._2()[0]);
      }
      System.arraycopy(row._2(), 0, ofLane, start, row._2().length);
      windows++;
    }
    if (windows != (long) tokens.length * (endWindow - firstWindow)) {
      throw new IllegalStateException(
          "Worker %s got %s windows from %s on, not %s lanes of %s"
              .formatted(worker, windows, firstWindow, tokens.length, endWindow - firstWindow));
    }
    return new LaneShard(firstLane, firstWindow, cut.window(), tokens);
  }

  /** Reads stretches that must continue each other. */
  private static void requireContinuous(Iterator<LaneShard> stretches) {
    int[] lastTargets = {};
    while (stretches.hasNext()) {
      LaneShard stretch = stretches.next();
      for (int lane = 0; lane < lastTargets.length; lane++) {
        int first = stretch.tokens()[lane][0];
        requireContinuous(
            stretch.firstLane() + lane, stretch.firstWindow(), lastTargets[lane], first);
      }
      lastTargets = Arrays.stream(stretch.tokens()).mapToInt(ids -> ids[ids.length - 1]).toArray();
    }
  }

  private static void requireContinuous(int lane, int window, int lastTarget, int input) {
    if (input != lastTarget) {
      throw new IllegalStateException(
          "Window %s of lane %s does not begin with the last target of the window before"
              .formatted(window, lane));
    }
  }

  private static final class ByStretch extends Partitioner {
    private final Layout layout;

    ByStretch(Layout layout) {
      this.layout = layout;
    }

    @Override
    public int numPartitions() {
      return layout.partitions();
    }

    @Override
    public int getPartition(Object key) {
      long place = (Long) key;
      return layout.partition(layout.lanes().workerOf((int) (place >> Integer.SIZE)), (int) place);
    }
  }

  /** Forgets the stretches. */
  @Override
  public void close() {
    stretches.unpersist();
  }
}
