package org.sparklstm.averaging;

import java.io.Serializable;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.List;
import java.util.function.Consumer;
import java.util.stream.IntStream;
import org.apache.spark.HashPartitioner;
import org.apache.spark.api.java.JavaPairRDD;
import org.apache.spark.api.java.JavaRDD;
import org.apache.spark.api.java.function.Function2;
import org.sparklstm.averaging.WorkerTask.Outcome;
import org.sparklstm.averaging.WorkerTask.WorkerEnd;
import org.sparklstm.text.LaneAssignment;
import org.sparklstm.train.Combine;
import org.sparklstm.train.Floats;
import org.sparklstm.train.WeightedMean;
import scala.Function1;
import scala.Tuple2;
import scala.reflect.ClassTag$;
import scala.runtime.BoxedUnit;

/**
 * Brings what the workers of a round end with to the driver, their updates averaged. However they
 * come together, {@link WeightedMean#of} fixes the order of the sums, so the bytes are the same.
 */
final class Combiner {
  /**
   * Floats of a part at most: 16 MiB. Spark receives several results at once and holds each a few
   * times, and beyond spark.task.maxDirectResultSize executors keep those that a driver fails to
   * fetch.
   */
  private static final int PART = 1 << 22;

  /**
   * Milliseconds a megabyte that the driver takes for each worker beyond two to collect its update:
   * 0.80 on a link of 10 Gbit/s, 0.46 to unpack it, 0.17 to average it.
   */
  private static final double COLLECTED_MS = 1.43;

  /** Milliseconds that sharded takes longer than driver with two workers, whatever the update. */
  private static final double SHUFFLE_MS = 50;

  /** The same for each megabyte of an update. */
  private static final double SHUFFLED_MS = 6.6;

  private final LaneAssignment lanes;
  private final int updateSize;
  private final Combine strategy;

  /**
   * All workers together.
   *
   * @param mean of their updates, weighted by lanes
   * @param ends in worker order
   * @param nanos that the driver took after the last result had arrived
   */
  @SuppressWarnings("ArrayRecordComponent") // large, never compared
  record Combined(float[] mean, List<WorkerEnd> ends, long nanos) {}

  /**
   * A worker's update, or a part of it.
   *
   * @param ends the worker's end, only in the first of its pieces
   */
  private record Piece(int worker, Floats update, List<WorkerEnd> ends) implements Serializable {}

  /**
   * The mean of the pieces of one key.
   *
   * @param ends that came with them, in worker order
   */
  private record Mean(int key, Floats update, List<WorkerEnd> ends) implements Serializable {}

  /**
   * A combiner of updates of {@code updateSize} floats.
   *
   * @param strategy not {@link Combine#AUTO}
   */
  Combiner(LaneAssignment lanes, int updateSize, Combine strategy) {
    this.lanes = lanes;
    this.updateSize = updateSize;
    this.strategy = strategy;
  }

  /**
   * Bytes of updates that a driver has room for.
   *
   * @param heap of the driver, bytes
   * @param maxResultSize bytes that the results of a job must stay below; 0: any
   */
  static long room(long heap, long maxResultSize) {
    long quarter = heap / 4;
    return maxResultSize == 0 ? quarter : Math.min(quarter, maxResultSize - 1);
  }

  /**
   * What {@link Combine#AUTO} is.
   *
   * @param update bytes of a worker's
   * @param room bytes of updates that the driver has room for
   * @param local whether the workers are threads of the driver, which need no link
   */
  static Combine decide(Combine wanted, int workers, long update, long room, boolean local) {
    if (wanted != Combine.AUTO) {
      return wanted;
    }
    double megabytes = update / 1e6;
    double collecting = (workers - 2) * COLLECTED_MS * megabytes;
    double shuffling = SHUFFLE_MS + SHUFFLED_MS * megabytes;
    boolean fits = workers * update <= room;
    return fits && (local || collecting <= shuffling) ? Combine.DRIVER : Combine.SHARDED;
  }

  /** Runs the round whose results these are, one partition a worker. */
  Combined combine(JavaRDD<Outcome> results) {
    return switch (strategy) {
      case DRIVER -> collected(results.collect());
      case TREE -> byGroups(results);
      case SHARDED -> byParts(results);
      case AUTO -> throw new IllegalStateException("auto is to be decided before");
    };
  }

  private Combined collected(List<Outcome> results) {
    long began = System.nanoTime();
    List<float[]> updates = results.stream().map(result -> result.update().values()).toList();
    return new Combined(
        WeightedMean.of(updates, lanes.weights(), true),
        results.stream().map(Outcome::end).toList(),
        System.nanoTime() - began);
  }

  private Combined byGroups(JavaRDD<Outcome> results) {
    LaneAssignment taskLanes = lanes; // not this object, which a task cannot have
    int size = WeightedMean.groupSize(lanes.workers());
    int groups = (lanes.workers() - 1) / size + 1;
    Mean[] means = new Mean[groups];
    shuffle(
        results.mapToPair(
            result -> {
              int worker = taskLanes.workerOf(result.end().firstLane());
              return new Tuple2<>(
                  worker / size, new Piece(worker, result.update(), List.of(result.end())));
            }),
        groups,
        (arrays, weights) -> WeightedMean.groupMean(arrays, weights, false),
        mean -> means[mean.key()] = mean);
    long began = System.nanoTime();
    return new Combined(
        WeightedMean.meanOfGroups(
            Arrays.stream(means).map(mean -> mean.update().values()).toList(),
            lanes.weights(),
            true),
        Arrays.stream(means).flatMap(mean -> mean.ends().stream()).toList(),
        System.nanoTime() - began);
  }

  private Combined byParts(JavaRDD<Outcome> results) {
    int parts = Math.max(lanes.workers(), (updateSize - 1) / PART + 1);
    float[] all = new float[updateSize];
    List<WorkerEnd> ends = new ArrayList<>();
    LaneAssignment taskLanes = lanes;
    shuffle(
        results.flatMapToPair(
            result ->
                IntStream.range(0, parts)
                    .mapToObj(part -> new Tuple2<>(part, piece(result, taskLanes, part, parts)))
                    .iterator()),
        parts,
        (arrays, weights) -> WeightedMean.of(arrays, weights, false),
        mean -> {
          float[] part = mean.update().values();
          System.arraycopy(part, 0, all, start(mean.key(), parts, all.length), part.length);
          ends.addAll(mean.ends());
        });
    return new Combined(all, ends, 0);
  }

  /** Where part {@code part} of an update begins. */
  private static int start(int part, int parts, int size) {
    return (int) ((long) size * part / parts);
  }

  /** A part of a worker's update, the first with its end. */
  private static Piece piece(Outcome result, LaneAssignment lanes, int part, int parts) {
    int size = result.update().values().length;
    Floats update = result.update().slice(start(part, parts, size), start(part + 1, parts, size));
    WorkerEnd end = result.end();
    return new Piece(lanes.workerOf(end.firstLane()), update, part == 0 ? List.of(end) : List.of());
  }

  /**
   * Averages pieces of the same key on executors.
   *
   * @param keys the keys are [0, keys)
   * @param average of pieces in worker order with their workers' weights
   * @param taker gets each key's mean as it arrives
   */
  private void shuffle(
      JavaPairRDD<Integer, Piece> pieces,
      int keys,
      Function2<List<float[]>, double[], float[]> average,
      Consumer<Mean> taker) {
    double[] weights = lanes.weights();
    JavaRDD<Mean> means =
        pieces
            .groupByKey(new HashPartitioner(keys))
            .map(group -> mean(group._1(), group._2(), weights, average));
    try {
      means
          .context()
          .runJob(
              means.rdd(),
              (Function1<scala.collection.Iterator<Mean>, Mean> & Serializable) Combiner::only,
              (partition, mean) -> {
                taker.accept(mean);
                return BoxedUnit.UNIT;
              },
              ClassTag$.MODULE$.<Mean>apply(Mean.class));
    } finally {
      means.rdd().cleanShuffleDependencies(false); // or the files would stay until the driver's GC
    }
  }

  /** The mean of a partition. To be asked for another one tells Spark to free its memory. */
  private static Mean only(scala.collection.Iterator<Mean> partition) {
    Mean mean = partition.next();
    if (partition.hasNext()) {
      throw new IllegalStateException("A task averages one part, and has another: " + partition);
    }
    return mean;
  }

  private static Mean mean(
      int key,
      Iterable<Piece> pieces,
      double[] weights,
      Function2<List<float[]>, double[], float[]> average)
      throws Exception {
    List<Piece> sorted = new ArrayList<>();
    pieces.forEach(sorted::add);
    sorted.sort(Comparator.comparingInt(Piece::worker));
    float[] mean =
        average.call(
            sorted.stream().map(piece -> piece.update().values()).toList(),
            sorted.stream().mapToDouble(piece -> weights[piece.worker()]).toArray());
    return new Mean(
        key,
        new Floats(mean),
        new ArrayList<>(sorted.stream().flatMap(piece -> piece.ends().stream()).toList()));
  }
}
