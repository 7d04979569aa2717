package org.sparklstm.ml.feature;

import static org.apache.spark.sql.functions.col;

import java.util.Collections;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
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
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Row;
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
 * job that counts the text, and sorts it only if its rows are not in order. What reaches the driver
 * is a count and the first words of each partition.
 */
public final class SequenceBatcher extends Transformer implements DefaultParamsWritable {
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
    Dataset<Row> text =
        dataset
            .select(col(getPositionCol()).as("position"), col(getInputCol()).as("ids"))
            .where(col("ids").isNotNull());
    // One RDD object for both passes: its partitions, and so their lengths, stay the same.
    JavaRDD<Row> rows = text.toJavaRDD();
    List<TextPartition> partitions = partitions(rows);
    if (!TextPartition.areInOrder(partitions)) {
      rows = text.orderBy("position").toJavaRDD();
      partitions = partitions(rows);
    }
    Map<Integer, Windows.Place> places = Windows.Place.of(partitions, getWindow());
    long tokens = partitions.stream().mapToLong(TextPartition::tokens).sum();
    TextCut cut = new TextCut(tokens, getLanes(), getWindow(), getKeepPartialWindow());
    JavaRDD<Row> windows =
        rows.mapPartitionsWithIndex(
            (index, ofPartition) ->
                places.containsKey(index)
                    ? new Windows(ofPartition, places.get(index), cut)
                    : Collections.emptyIterator(),
            false);
    return dataset.sparkSession().createDataFrame(windows, WINDOW);
  }

  /** The partitions that have rows, by the positions that they begin with. */
  private List<TextPartition> partitions(JavaRDD<Row> rows) {
    String stage = uid;
    String position = getPositionCol();
    String input = getInputCol();
    int inputs = getWindow();
    return rows
        .map(
            row -> {
              requireNoNull(stage, position, row.isNullAt(0));
              requireNoNull(stage, input, row.getList(1).contains(null));
              return row;
            })
        .mapPartitionsWithIndex(
            (index, ofPartition) ->
                ofPartition.hasNext()
                    ? List.of(TextPartition.of(index, ofPartition, inputs)).iterator()
                    : Collections.<TextPartition>emptyIterator(),
            false)
        .collect()
        .stream()
        .sorted(Comparator.comparingLong(TextPartition::first))
        .toList();
  }

  private static void requireNoNull(String stage, String column, boolean hasNull) {
    if (hasNull) {
      throw new IllegalArgumentException("%s: column %s holds null".formatted(stage, column));
    }
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
