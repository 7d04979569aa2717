package org.sparklstm.text;

import java.io.Serializable;
import java.util.SplittableRandom;

/**
 * Windows of varying length, after Merity et al. 2018: the place where one window ends and the next
 * begins moves on by some words or stays, each with probability 1/2; every eighth place stays.
 * Windows then have T, T − words or T + words inputs. The places of a seed are the same for any
 * number of workers.
 *
 * @param words that places move by, less than T; 0: all windows have T inputs
 * @param seed of the epoch
 */
public record WindowShift(int words, long seed) implements Serializable {
  /** All windows have the same length. */
  public static final WindowShift NONE = new WindowShift(0, 0);

  /** Windows whose number is a multiple of this begin where they always do, so stretches may. */
  public static final int FIXED = 8;

  /**
   * How far the beginning of a window moves.
   *
   * @param index number of the window in the epoch
   */
  int of(int index) {
    return words > 0 && index % FIXED > 0 && new SplittableRandom(seed + index).nextBoolean()
        ? words
        : 0;
  }
}
