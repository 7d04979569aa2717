package org.sparklstm.ml.feature;

import static org.apache.spark.sql.functions.col;
import static org.apache.spark.sql.functions.exists;
import static org.apache.spark.sql.functions.expr;
import static org.apache.spark.sql.functions.lit;
import static org.apache.spark.sql.functions.raise_error;
import static org.apache.spark.sql.functions.when;

import java.util.ArrayList;
import java.util.Iterator;
import java.util.List;
import java.util.NoSuchElementException;
import java.util.function.UnaryOperator;
import org.apache.spark.api.java.JavaRDD;
import org.apache.spark.ml.Transformer;
import org.apache.spark.ml.param.BooleanParam;
import org.apache.spark.ml.param.IntParam;
import org.apache.spark.ml.param.Param;
import org.apache.spark.ml.param.ParamMap;
import org.apache.spark.ml.param.ParamValidators;
import org.apache.spark.ml.util.DefaultParamsReader;
import org.apache.spark.ml.util.DefaultParamsWritable;
import org.apache.spark.ml.util.Identifiable;
import org.apache.spark.ml.util.MLReader;
import org.apache.spark.sql.Column;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.RowFactory;
import org.apache.spark.sql.types.DataTypes;
import org.apache.spark.sql.types.StructType;
import org.sparklstm.text.TextCut;

/**
 * Cuts an ordered text into lanes and windows for truncated back-propagation, as {@link TextCut}
 * defines them. It makes one row for each lane and window. The columns are {@code lane} and {@code
 * window}, int from 0, and {@code inputs} and {@code targets}, array&lt;int&gt;. Targets are the
 * inputs shifted by one. The input columns are not kept.
 *
 * <p>The text's order is that of the position column, whatever the partitioning; positions must be
 * unique and not null. Null for an array of ids is a text without words. {@code transform} runs a
 * job that sorts and counts the text; no more than a count for each partition reaches the driver.
 */
public final class SequenceBatcher extends Transformer implements DefaultParamsWritable {
  private static final StructType FRAGMENT =
      new StructType()
          .add("lane", DataTypes.IntegerType, false)
          .add("window", DataTypes.IntegerType, false)
          .add("offset", DataTypes.IntegerType, false)
          .add("ids", Stages.IDS, false);
  private static final StructType WINDOW =
      new StructType()
          .add("lane", DataTypes.IntegerType, false)
          .add("window", DataTypes.IntegerType, false)
          .add("inputs", Stages.IDS, false)
          .add("targets", Stages.IDS, false);

  private final String uid;
  private final Param<String> positionCol;
  private final Param<String> inputCol;
  private final IntParam lanes;
  private final IntParam window;
  private final BooleanParam keepPartialWindow;

  /** A batcher of 20 lanes and windows of 20 inputs, with an identity of its own. */
  public SequenceBatcher() {
    this(Identifiable.randomUID("sequenceBatcher"));
  }

  /**
   * A batcher with a given identity, as loading needs it.
   *
   * @param uid Spark ML's name of this stage
   */
  public SequenceBatcher(String uid) {
    this.uid = uid;
    this.positionCol = new Param<>(this, "positionCol", "column that orders the text, bigint");
    this.inputCol = new Param<>(this, "inputCol", "column of word ids, array<int>");
    this.lanes = new IntParam(this, "lanes", "parallel streams (B)", ParamValidators.gtEq(1));
    this.window = new IntParam(this, "window", "inputs of a window (T)", ParamValidators.gtEq(1));
    this.keepPartialWindow =
        new BooleanParam(this, "keepPartialWindow", "keep each lane's shorter last window");
    setDefault(positionCol, "position");
    setDefault(inputCol, "ids");
    setDefault(lanes, 20);
    setDefault(window, 20);
    setDefault(keepPartialWindow, false);
  }

  /**
   * {@return the parameter {@code positionCol}: the column that orders the text; {@code position}
   * by default}
   */
  public Param<String> positionCol() {
    return positionCol;
  }

  /** {@return the parameter {@code inputCol}: the column of word ids; {@code ids} by default} */
  public Param<String> inputCol() {
    return inputCol;
  }

  /**
   * {@return the parameter {@code lanes}: B, how many parallel streams the text is cut into; 20 by
   * default}
   */
  public IntParam lanes() {
    return lanes;
  }

  /** {@return the parameter {@code window}: T, how many inputs a window has; 20 by default} */
  public IntParam window() {
    return window;
  }

  /**
   * {@return the parameter {@code keepPartialWindow}: whether the shorter last window of each lane
   * is kept; false by default}
   */
  public BooleanParam keepPartialWindow() {
    return keepPartialWindow;
  }

  /** {@return the column that orders the text} */
  public String getPositionCol() {
    return $(positionCol);
  }

  /** {@return the column of word ids} */
  public String getInputCol() {
    return $(inputCol);
  }

  /** {@return B, how many parallel streams the text is cut into} */
  public int getLanes() {
    return (Integer) $(lanes);
  }

  /** {@return T, how many inputs a window has} */
  public int getWindow() {
    return (Integer) $(window);
  }

  /** {@return whether the shorter last window of each lane is kept} */
  public boolean getKeepPartialWindow() {
    return (Boolean) $(keepPartialWindow);
  }

  /**
   * Names the column that orders the text.
   *
   * @param column its name, of type bigint; its values are unique and not null
   * @return this stage
   */
  public SequenceBatcher setPositionCol(String column) {
    return (SequenceBatcher) set(positionCol, column);
  }

  /**
   * Names the column of word ids.
   *
   * @param column its name, of type array&lt;int&gt;
   * @return this stage
   */
  public SequenceBatcher setInputCol(String column) {
    return (SequenceBatcher) set(inputCol, column);
  }

  /**
   * Sets B, how many parallel streams of equal length the text is cut into.
   *
   * @param count at least 1
   * @return this stage
   */
  public SequenceBatcher setLanes(int count) {
    return (SequenceBatcher) set(lanes, count);
  }

  /**
   * Sets T, how many inputs a window has.
   *
   * @param length at least 1
   * @return this stage
   */
  public SequenceBatcher setWindow(int length) {
    return (SequenceBatcher) set(window, length);
  }

  /**
   * Says what becomes of the shorter window that may remain at the end of each lane.
   *
   * @param keep true: it is a row as well; false: it is left out
   * @return this stage
   */
  public SequenceBatcher setKeepPartialWindow(boolean keep) {
    return (SequenceBatcher) set(keepPartialWindow, keep);
  }

  @Override
  public Dataset<Row> transform(Dataset<?> dataset) {
    transformSchema(dataset.schema());
    // One RDD object for both passes: its partitions, and so the counts, stay the same.
    JavaRDD<Row> ordered =
        dataset
            .where(col(getInputCol()).isNotNull())
            .select(
                orFail(getPositionCol(), Column::isNull).as("position"),
                orFail(getInputCol(), ids -> exists(ids, id -> id.isNull())).as("ids"))
            .orderBy("position")
            .select("ids")
            .toJavaRDD();
    List<Long> counts = ordered.mapPartitions(SequenceBatcher::count).collect();
    long[] starts = new long[counts.size()];
    long tokens = 0;
    for (int partition = 0; partition < starts.length; partition++) {
      starts[partition] = tokens;
      tokens += counts.get(partition);
    }
    TextCut cut = new TextCut(tokens, getLanes(), getWindow(), getKeepPartialWindow());
    JavaRDD<Row> fragments =
        ordered.mapPartitionsWithIndex(
            (partition, rows) -> fragments(rows, starts[partition], cut), false);
    return dataset
        .sparkSession()
        .createDataFrame(fragments, FRAGMENT)
        .groupBy("lane", "window")
        .agg(
            expr("flatten(transform(sort_array(collect_list(struct(offset, ids))), f -> f.ids))")
                .as("ids"))
        .selectExpr(
            "lane",
            "window",
            "slice(ids, 1, size(ids) - 1) as inputs",
            "slice(ids, 2, size(ids) - 1) as targets");
  }

  /** A column whose rows that hold null fail the job by its name. */
  private Column orFail(String name, UnaryOperator<Column> holdsNull) {
    return when(
            holdsNull.apply(col(name)),
            raise_error(lit("%s: column %s holds null".formatted(uid, name))))
        .otherwise(col(name));
  }

  private static Iterator<Long> count(Iterator<Row> rows) {
    long tokens = 0;
    while (rows.hasNext()) {
      tokens += rows.next().getSeq(0).size();
    }
    return List.of(tokens).iterator();
  }

  private static Iterator<Row> fragments(Iterator<Row> rows, long start, TextCut cut) {
    return new Iterator<>() {
      private long next = start;
      private Iterator<Row> pieces = List.<Row>of().iterator();

      @Override
      public boolean hasNext() {
        while (!pieces.hasNext() && rows.hasNext()) {
          List<Integer> ids = rows.next().getList(0);
          pieces = fragments(ids, next, cut).iterator();
          next += ids.size();
        }
        return pieces.hasNext();
      }

      @Override
      public Row next() {
        if (!hasNext()) {
          throw new NoSuchElementException();
        }
        return pieces.next();
      }
    };
  }

  /**
   * The parts of each window that some consecutive tokens are: (lane, window, offset in the window,
   * ids). Offset T is the last target, which is also the first input of the next window.
   *
   * @param start index of the first of {@code ids} in the text
   */
  private static List<Row> fragments(List<Integer> ids, long start, TextCut cut) {
    List<Row> fragments = new ArrayList<>();
    long end = start + ids.size();
    if (cut.windows() == 0) {
      return fragments;
    }
    long lastLane = Math.min(cut.lanes(), (end + cut.laneLength() - 1) / cut.laneLength());
    for (long lane = start / cut.laneLength(); lane < lastLane; lane++) {
      long laneStart = lane * cut.laneLength();
      long from = Math.max(0, start - laneStart); // offsets of these tokens in the lane
      long to = Math.min(cut.predictions() + 1, end - laneStart);
      for (long w = Math.max(0, from - 1) / cut.window(); w < cut.windows(); w++) {
        long windowStart = w * cut.window();
        long first = Math.max(from, windowStart);
        long last = Math.min(to, windowStart + cut.windowLength(w) + 1);
        if (first >= to) {
          break;
        }
        if (first < last) {
          Object[] part =
              ids.subList((int) (laneStart + first - start), (int) (laneStart + last - start))
                  .toArray();
          fragments.add(RowFactory.create((int) lane, (int) w, (int) (first - windowStart), part));
        }
      }
    }
    return fragments;
  }

  @Override
  public StructType transformSchema(StructType schema) {
    Stages.requireColumn(uid, schema, $(positionCol), DataTypes.LongType);
    Stages.requireColumn(uid, schema, $(inputCol), Stages.IDS);
    return WINDOW;
  }

  @Override
  public SequenceBatcher copy(ParamMap extra) {
    return defaultCopy(extra);
  }

  @Override
  public String uid() {
    return uid;
  }

  /** {@return what reads a batcher that was saved} */
  public static MLReader<SequenceBatcher> read() {
    return new DefaultParamsReader<>();
  }

  /**
   * A batcher that was saved.
   *
   * @param path that it was saved to, on any Hadoop file system
   * @return it, with the identity and the parameters that it had
   */
  public static SequenceBatcher load(String path) {
    return read().load(path);
  }
}
