package org.sparklstm.spark;

import java.util.Iterator;
import java.util.List;
import org.apache.spark.Partitioner;
import org.apache.spark.api.java.JavaPairRDD;
import org.apache.spark.api.java.JavaRDD;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Row;
import org.sparklstm.text.LaneShard;
import org.sparklstm.text.Lanes;
import org.sparklstm.train.LaneSplit;
import scala.Tuple2;

/**
 * Brings the windows of {@link org.sparklstm.ml.SequenceBatcher} to the workers that own their
 * lanes.
 */
final class LaneShards {
  private LaneShards() {}

  /**
   * One partition for each worker, in worker order, each with the one shard of its lanes.
   *
   * @param windows rows (lane, window, inputs, targets) in any order
   */
  static JavaRDD<LaneShard> of(Dataset<Row> windows, Lanes cut, LaneSplit split) {
    return of(
        windows
            .toJavaRDD()
            .mapToPair(row -> new Tuple2<>(key(row.getInt(0), row.getInt(1)), tokens(row))),
        cut,
        split);
  }

  /**
   * The same from windows by {@link #key}, each as its inputs and last target. Computing it fails
   * if windows are missing or do not continue each other.
   */
  static JavaRDD<LaneShard> of(JavaPairRDD<Long, int[]> windows, Lanes cut, LaneSplit split) {
    return windows
        .repartitionAndSortWithinPartitions(new ByWorker(split))
        .mapPartitionsWithIndex((worker, rows) -> shard(worker, rows, cut, split), true);
  }

  /** Orders by lane, then window. */
  static long key(int lane, int window) {
    return (long) lane << Integer.SIZE | window;
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

  private static Iterator<LaneShard> shard(
      int worker, Iterator<Tuple2<Long, int[]>> rows, Lanes cut, LaneSplit split) {
    int firstLane = split.firstLane(worker);
    int[][] lanes = new int[split.lanesOf(worker)][Math.toIntExact(cut.predictions() + 1)];
    long windows = 0;
    while (rows.hasNext()) {
      Tuple2<Long, int[]> row = rows.next();
      int lane = (int) (row._1() >> Integer.SIZE);
      int window = row._1().intValue();
      int[] tokens = lanes[lane - firstLane];
      int start = window * cut.window();
      if (window > 0 && tokens[start] != row._2()[0]) {
        throw new IllegalStateException(
            "Window %s of lane %s does not begin with the last target of the window before"
                .formatted(window, lane));
      }
      System.arraycopy(row._2(), 0, tokens, start, row._2().length);
      windows++;
    }
    if (windows != (long) lanes.length * cut.windows()) {
      throw new IllegalStateException(
          "Worker %s got %s windows, not %s lanes of %s"
              .formatted(worker, windows, lanes.length, cut.windows()));
    }
    return List.of(new LaneShard(firstLane, cut.window(), lanes)).iterator();
  }

  private static final class ByWorker extends Partitioner {
    private final LaneSplit split;

    ByWorker(LaneSplit split) {
      this.split = split;
    }

    @Override
    public int numPartitions() {
      return split.workers();
    }

    @Override
    public int getPartition(Object key) {
      return split.workerOf((int) ((Long) key >> Integer.SIZE));
    }
  }
}
