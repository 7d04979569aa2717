package org.sparklstm.text;

import java.util.Iterator;

/** Reads windows of a worker's lanes in their order, and holds one stretch of them at a time. */
public final class LaneReader {
  private final Iterator<LaneShard> stretches;
  private final WindowShift shift;
  private LaneShard current;

  /**
   * A reader.
   *
   * @param stretches of the same lanes, at least one, each behind the one before
   */
  public LaneReader(Iterator<LaneShard> stretches) {
    this(stretches, stretches.next(), WindowShift.NONE);
  }

  private LaneReader(Iterator<LaneShard> stretches, LaneShard current, WindowShift shift) {
    this.stretches = stretches;
    this.shift = shift;
    this.current = current.with(shift);
  }

  /**
   * A reader in the place of this one, which must not be used any more.
   *
   * @param other where its windows begin
   */
  public LaneReader with(WindowShift other) {
    return new LaneReader(stretches, current, other);
  }

  /** The number of the first lane in the whole batch. */
  public int firstLane() {
    return current.firstLane();
  }

  /** {@return how many lanes it reads} */
  public int lanes() {
    return current.lanes();
  }

  /**
   * The stretch that has a window of all the lanes.
   *
   * @param index number of the window in the epoch, not before one that was read
   */
  public LaneShard stretch(int index) {
    while (index >= current.endWindow()) {
      current = stretches.next().with(shift);
    }
    return current;
  }

  /**
   * A window of all the lanes.
   *
   * @param index number of the window in the epoch, not before one that was read
   */
  public Window window(int index) {
    return stretch(index).window(index);
  }
}
