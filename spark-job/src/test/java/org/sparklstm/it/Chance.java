package org.sparklstm.it;

import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Random;
import java.util.stream.Stream;

/**
 * All that is left to chance in one test. It is drawn here and nowhere else, so whoever has the
 * seed can repeat the test.
 */
final class Chance {
  private final long seed;
  private final Random random;
  private final String combine;
  private final boolean dynamicAllocation;

  private Chance(long seed) {
    this.seed = seed;
    random = new Random(seed);
    combine = oneOf(List.of("driver", "tree", "sharded"));
    dynamicAllocation = random.nextBoolean();
  }

  /** One chance, ten with {@code -Pfaults}, or the one whose seed is in {@code faults.seed}. */
  static Stream<Chance> drawn() {
    String seed = System.getProperty("faults.seed", "");
    return seed.isEmpty()
        ? new Random().longs(Integer.getInteger("faults.repetitions", 1)).mapToObj(Chance::new)
        : Stream.of(new Chance(Long.parseLong(seed)));
  }

  /** How the workers' parameters come together. */
  String combine() {
    return combine;
  }

  /** Whether Spark has executors come and go. */
  boolean dynamicAllocation() {
    return dynamicAllocation;
  }

  /** How long a run continues before the next fault. */
  int millis(int limit) {
    return random.nextInt(limit);
  }

  /** Whom the next fault meets. */
  <T> T oneOf(List<T> all) {
    return all.get(random.nextInt(all.size()));
  }

  /** In which order things come. */
  <T> List<T> inAnyOrder(List<T> all) {
    List<T> shuffled = new ArrayList<>(all);
    Collections.shuffle(shuffled, random);
    return shuffled;
  }

  /** What was drawn, and how to draw it again. */
  String description() {
    return "%s: repeat with -Dfaults.seed=%s; combine %s, on a cluster dynamic allocation %s"
        .formatted(this, seed, combine, dynamicAllocation);
  }

  @Override
  public String toString() {
    return "seed " + seed;
  }
}
