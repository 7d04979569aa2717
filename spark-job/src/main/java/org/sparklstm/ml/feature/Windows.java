package org.sparklstm.ml.feature;

import java.io.Serializable;
import java.util.Arrays;
import java.util.HashMap;
import java.util.Iterator;
import java.util.List;
import java.util.Map;
import java.util.NoSuchElementException;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.RowFactory;
import org.sparklstm.text.TextCut;

/** The windows that begin in one partition of a text: rows (lane, window, inputs, targets). */
final class Windows implements Iterator<Row> {
  private final Iterator<Row> rows;
  private final Place place;
  private final TextCut cut;
  private long lane; // of the next window
  private long window; // the next
  private int[] ids = {}; // consecutive tokens, which have been read
  private long start; // index in the text of the first of them
  private boolean isRead; // to the partition's end

  /**
   * Begins to cut.
   *
   * @param rows (position, ids) of the partition, in the order of the text
   */
  Windows(Iterator<Row> rows, Place place, TextCut cut) {
    this.rows = rows;
    this.place = place;
    this.cut = cut;
    start = place.start();
    if (cut.windows() == 0) {
      lane = cut.lanes();
      return;
    }
    lane = start / cut.laneLength();
    window = (start % cut.laneLength() + cut.window() - 1) / cut.window();
    skipLaneEnd();
  }

  /**
   * Where a partition is in the text.
   *
   * @param start index of its first token
   * @param end index behind its last token
   * @param after tokens that follow it, as many as a window has inputs, or all if there are fewer
   */
  record Place(long start, long end, List<Integer> after) implements Serializable {

    /**
     * The place of each partition, by its index.
     *
     * @param partitions in the order of the text
     * @param window inputs of a window
     */
    static Map<Integer, Place> of(List<TextPartition> partitions, int window) {
      Map<Integer, Place> places = new HashMap<>();
      long end = partitions.stream().mapToLong(TextPartition::tokens).sum();
      List<Integer> after = List.of();
      for (int i = partitions.size() - 1; i >= 0; i--) {
        TextPartition partition = partitions.get(i);
        long start = end - partition.tokens();
        places.put(partition.index(), new Place(start, end, after));
        after = TextPartition.joined(partition.head(), after, window);
        end = start;
      }
      return places;
    }
  }

  /** What is left over at the end of a lane is in no window. */
  private void skipLaneEnd() {
    if (window >= cut.windows()) {
      lane++;
      window = 0;
    }
  }

  /** Index in the text of the next window's first token. */
  private long begin() {
    return lane * cut.laneLength() + window * cut.window();
  }

  @Override
  public boolean hasNext() {
    return lane < cut.lanes() && begin() < place.end();
  }

  @Override
  public Row next() {
    if (!hasNext()) {
      throw new NoSuchElementException();
    }
    int length = cut.windowLength(window);
    int from = read(begin(), length + 1);
    Row row =
        RowFactory.create(
            (int) lane,
            (int) window,
            Arrays.copyOfRange(ids, from, from + length),
            Arrays.copyOfRange(ids, from + 1, from + length + 1));
    window++;
    skipLaneEnd();
    return row;
  }

  /**
   * Reads on until {@code length} tokens from index {@code begin} of the text are in {@link #ids}.
   *
   * @return where they begin there
   */
  private int read(long begin, int length) {
    while (start + ids.length < begin + length) {
      if (isRead) {
        throw new IllegalStateException("The text has changed while it was cut into windows");
      }
      isRead = !rows.hasNext();
      List<Integer> more = isRead ? place.after() : rows.next().getList(1);
      int done = (int) Math.min(ids.length, Math.max(0, begin - start));
      int left = ids.length - done;
      int[] joined = Arrays.copyOfRange(ids, done, ids.length + more.size());
      for (int i = 0; i < more.size(); i++) {
        joined[left + i] = more.get(i);
      }
      ids = joined;
      start += done;
    }
    return (int) (begin - start);
  }
}
