package org.sparklstm.ml.feature;

import java.io.Serializable;
import java.util.Iterator;
import java.util.List;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.apache.spark.sql.Row;

/**
 * What a partition has of a text.
 *
 * @param index of the partition
 * @param first position of its rows
 * @param last position of its rows
 * @param isSorted whether positions rise from row to row
 * @param tokens of all its rows
 * @param head the first tokens, as many as a window has inputs, or all if there are fewer
 */
record TextPartition(
    int index, long first, long last, boolean isSorted, long tokens, List<Integer> head)
    implements Serializable {

  /**
   * Reads a partition.
   *
   * @param rows (position, ids), at least one
   * @param window inputs of a window
   */
  static TextPartition of(int index, Iterator<Row> rows, int window) {
    Row row = rows.next();
    long first = row.getLong(0);
    long last = first;
    boolean isSorted = true;
    long tokens = row.getList(1).size();
    List<Integer> head = joined(List.of(), row.getList(1), window);
    while (rows.hasNext()) {
      row = rows.next();
      isSorted &= last < row.getLong(0);
      last = row.getLong(0);
      tokens += row.getList(1).size();
      head = head.size() < window ? joined(head, row.getList(1), window) : head;
    }
    return new TextPartition(index, first, last, isSorted, tokens, head);
  }

  /** The first {@code most} of {@code ids} and {@code more}. */
  static List<Integer> joined(List<Integer> ids, List<Integer> more, int most) {
    return Stream.concat(ids.stream(), more.stream()).limit(most).toList();
  }

  /** Whether the rows of partitions that begin one after the other are in the order of the text. */
  static boolean areInOrder(List<TextPartition> partitions) {
    return partitions.stream().allMatch(TextPartition::isSorted)
        && IntStream.range(1, partitions.size())
            .allMatch(i -> partitions.get(i - 1).last() < partitions.get(i).first());
  }
}
