package org.sparklstm.score;

import java.util.ArrayDeque;
import java.util.Arrays;
import java.util.Iterator;
import java.util.List;
import java.util.NoSuchElementException;
import java.util.Queue;
import java.util.function.Function;
import org.sparklstm.engine.Replica;
import org.sparklstm.text.Window;

/**
 * Scores the sequences of many rows on the lanes of one replica. A lane takes the next sequence
 * when it has done one, so lanes are idle only at the end. Rows come out in the order in which they
 * come in, and some wait for a long one before them.
 *
 * @param <R> a row
 */
public final class LaneScorer<R> implements Iterator<LaneScorer.Scored<R>> {
  /** Time steps of a window. A sequence begins with a window, so more steps are more padding. */
  public static final int STEPS = 1;

  /** Rows that are held at once, at most, so that one long row does not fill the memory. */
  private static final int MOST_ROWS = 1 << 14;

  /** Predictions of the rows that are held at once, before no other is taken. */
  private static final int MOST_PREDICTIONS = 1 << 20;

  private final Replica replica;
  private final int start;
  private final Iterator<R> rows;
  private final Function<R, List<int[]>> encoder;
  private final Sequence[] lanes;
  private final Queue<Held<R>> held = new ArrayDeque<>();
  private final Queue<Sequence> waiting = new ArrayDeque<>();
  private int heldPredictions;
  private long computed;
  private long predicted;

  /**
   * A row and −ln p of all that was predicted of it.
   *
   * @param ids of the sequences of the row, joined
   * @param nats −ln p of each of {@code ids}; NaN for {@link Tokenizer#NONE}
   */
  @SuppressWarnings("ArrayRecordComponent") // handed on at once, never compared
  public record Scored<R>(R row, int[] ids, double[] nats) {}

  /** A row that is not handed out yet. */
  private static final class Held<R> {
    private final R row;
    private final int[] ids;
    private final double[] nats;
    private int left; // predictions

    Held(R row, int[] ids) {
      this.row = row;
      this.ids = ids;
      this.nats = new double[ids.length];
      this.left = ids.length;
    }
  }

  /** A sequence of a row: {@code ids[next]} is what its lane predicts next. */
  private static final class Sequence {
    private final Held<?> row;
    private final int begin;
    private final int end;
    private int next;

    Sequence(Held<?> row, int begin, int end) {
      this.row = row;
      this.begin = begin;
      this.end = end;
      this.next = begin;
    }
  }

  /**
   * A scorer that takes rows as it needs them.
   *
   * @param replica with its parameters set
   * @param start the word that a sequence follows, from a zero state
   * @param encoder gives the word ids of a row's sequences; a row without any is not scored
   */
  public LaneScorer(
      Replica replica, int start, Iterator<R> rows, Function<R, List<int[]>> encoder) {
    this.replica = replica;
    this.start = start;
    this.rows = rows;
    this.encoder = encoder;
    this.lanes = new Sequence[replica.lanes()];
  }

  @Override
  public boolean hasNext() {
    return !held.isEmpty() || rows.hasNext();
  }

  /** The next row with its scores, empty arrays for a row without sequences. */
  @Override
  public Scored<R> next() {
    if (held.isEmpty() && !take()) {
      throw new NoSuchElementException();
    }
    while (held.element().left > 0) {
      computeWindow();
    }
    Held<R> first = held.remove();
    heldPredictions -= first.ids.length;
    return new Scored<>(first.row, first.ids, first.nats);
  }

  /** The share of what was computed that was no prediction of a row. */
  public double padding() {
    return computed == 0 ? 0 : 1 - (double) predicted / computed;
  }

  /** Takes another row; false if there is none or no room. */
  private boolean take() {
    if (held.size() >= MOST_ROWS || heldPredictions >= MOST_PREDICTIONS || !rows.hasNext()) {
      return false;
    }
    R row = rows.next();
    List<int[]> sequences = encoder.apply(row);
    int[] ids = sequences.stream().flatMapToInt(Arrays::stream).toArray();
    Held<R> taken = new Held<>(row, ids);
    held.add(taken);
    heldPredictions += ids.length;
    int begin = 0;
    for (int[] sequence : sequences) {
      waiting.add(new Sequence(taken, begin, begin + sequence.length));
      begin += sequence.length;
    }
    return true;
  }

  /** Gives each lane that is free a sequence, as long as there are any, and a zero state. */
  private void fillLanes() {
    for (int lane = 0; lane < lanes.length; lane++) {
      if (lanes[lane] == null) {
        while (waiting.isEmpty() && take()) {
          // a row may have no sequence
        }
        if (waiting.isEmpty()) {
          return;
        }
        lanes[lane] = waiting.remove();
        replica.clearLane(lane);
      }
    }
  }

  private void computeWindow() {
    fillLanes();
    int[] inputs = new int[STEPS * lanes.length];
    int[] targets = new int[STEPS * lanes.length];
    for (int lane = 0; lane < lanes.length; lane++) {
      Sequence sequence = lanes[lane];
      if (sequence != null) {
        int[] ids = sequence.row.ids;
        for (int t = 0; t < STEPS && sequence.next + t < sequence.end; t++) {
          int place = sequence.next + t;
          int before = place == sequence.begin ? start : ids[place - 1];
          inputs[t * lanes.length + lane] = Math.max(before, 0);
          targets[t * lanes.length + lane] = Math.max(ids[place], 0);
        }
      }
    }
    double[] nats = replica.score(new Window(0, 0, lanes.length, STEPS, inputs, targets));
    computed += nats.length;
    for (int lane = 0; lane < lanes.length; lane++) {
      Sequence sequence = lanes[lane];
      if (sequence != null) {
        int[] ids = sequence.row.ids;
        int count = Math.min(STEPS, sequence.end - sequence.next);
        for (int t = 0; t < count; t++) {
          sequence.row.nats[sequence.next + t] =
              ids[sequence.next + t] < 0 ? Double.NaN : nats[t * lanes.length + lane];
        }
        sequence.next += count;
        sequence.row.left -= count;
        predicted += count;
        lanes[lane] = sequence.next == sequence.end ? null : sequence;
      }
    }
  }
}
