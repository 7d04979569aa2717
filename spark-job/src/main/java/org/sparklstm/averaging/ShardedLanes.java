package org.sparklstm.averaging;

import java.util.Iterator;
import java.util.List;
import org.apache.spark.Partitioner;
import org.apache.spark.api.java.JavaPairRDD;
import org.apache.spark.api.java.JavaRDD;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Row;
import org.sparklstm.text.LaneAssignment;
import org.sparklstm.text.LaneShard;
import org.sparklstm.text.TextCut;
import scala.Tuple2;

/** Brings windows to the workers that own their lanes. */
public final class ShardedLanes {
  private ShardedLanes() {}

  /**
   * One partition for each worker, in worker order, each with the one shard of its lanes.
   *
   * @param windows rows (lane, window, inputs, targets) in any order
   */
  public static JavaRDD<LaneShard> of(Dataset<Row> windows, TextCut cut, LaneAssignment lanes) {
    return of(
        windows
            .toJavaRDD()
            .mapToPair(row -> new Tuple2<>(key(row.getInt(0), row.getInt(1)), tokens(row))),
        cut,
        lanes);
  }

  /**
   * As above, for windows keyed by {@link #key}; each array is the inputs followed by the last
   * target. Computing it fails if windows are missing or do not continue each other.
   */
  public static JavaRDD<LaneShard> of(
      JavaPairRDD<Long, int[]> windows, TextCut cut, LaneAssignment lanes) {
    return windows
        .repartitionAndSortWithinPartitions(new ByWorker(lanes))
        .mapPartitionsWithIndex((worker, rows) -> shard(worker, rows, cut, lanes), true);
  }

  /** Orders by lane, then window. */
  public static long key(int lane, int window) {
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
      int worker, Iterator<Tuple2<Long, int[]>> rows, TextCut cut, LaneAssignment lanes) {
    int firstLane = lanes.firstLane(worker);
    int[][] tokens = new int[lanes.lanesOf(worker)][Math.toIntExact(cut.predictions() + 1)];
    long windows = 0;
    while (rows.hasNext()) {
      Tuple2<Long, int[]> row = rows.next();
      int lane = (int) (row._1() >> Integer.SIZE);
      int window = row._1().intValue();
      int[] ofLane = tokens[lane - firstLane];
      int start = window * cut.window();
      if (window > 0 && ofLane[start] != row._2()[0]) {
        throw new IllegalStateException(
            "Window %s of lane %s does not begin with the last target of the window before"
                .formatted(window, lane));
      }
      System.arraycopy(row._2(), 0, ofLane, start, row._2().length);
      windows++;
    }
    if (windows != (long) tokens.length * cut.windows()) {
      throw new IllegalStateException(
          "Worker %s got %s windows, not %s lanes of %s"
              .formatted(worker, windows, tokens.length, cut.windows()));
    }
    return List.of(new LaneShard(firstLane, cut.window(), tokens)).iterator();
  }

  private static final class ByWorker extends Partitioner {
    private final LaneAssignment lanes;

    ByWorker(LaneAssignment lanes) {
      this.lanes = lanes;
    }

    @Override
    public int numPartitions() {
      return lanes.workers();
    }

    @Override
    public int getPartition(Object key) {
      return lanes.workerOf((int) ((Long) key >> Integer.SIZE));
    }
  }
}
