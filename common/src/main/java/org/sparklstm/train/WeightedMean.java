package org.sparklstm.train;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.stream.IntStream;

/**
 * The arithmetic of combining workers, in a fixed order so that it gives the same bytes every time.
 */
public final class WeightedMean {
  private static final int BLOCK = 1024; // floats that the fastest cache holds with their sums

  private WeightedMean() {}

  /**
   * Workers of one group. The weighted mean of all is that of the groups' weighted means, so that
   * groups can be averaged on different machines.
   */
  public static int groupSize(int workers) {
    return (int) Math.ceil(Math.sqrt(workers));
  }

  /**
   * Σ_k weight_k · array_k / Σ_k weight_k for each element: over each group of {@link #groupSize}
   * workers in double in the order of the list, rounded to float, then the same over the groups.
   *
   * @param parallel whether on all cores, which share the elements
   * @return a new array; with one array, that array itself
   */
  public static float[] of(List<float[]> arrays, double[] weights, boolean parallel) {
    int size = groupSize(weights.length);
    List<float[]> means = new ArrayList<>();
    for (int first = 0; first < weights.length; first += size) {
      int end = Math.min(first + size, weights.length);
      double[] group = Arrays.copyOfRange(weights, first, end);
      means.add(groupMean(arrays.subList(first, end), group, parallel));
    }
    return meanOfGroups(means, weights, parallel);
  }

  /**
   * The mean of all.
   *
   * @param means of each group
   * @param weights of all workers
   */
  public static float[] meanOfGroups(List<float[]> means, double[] weights, boolean parallel) {
    double[] shares = new double[means.size()];
    for (int k = 0; k < weights.length; k++) {
      shares[k / groupSize(weights.length)] += weights[k];
    }
    return groupMean(means, shares, parallel);
  }

  /**
   * The mean of one group.
   *
   * @param weights of its workers
   * @return a new array; with one array, that array itself
   */
  public static float[] groupMean(List<float[]> arrays, double[] weights, boolean parallel) {
    if (arrays.size() == 1) {
      return arrays.get(0);
    }
    double sum = 0;
    for (double weight : weights) { // a stream's sum has no fixed order
      sum += weight;
    }
    double[] shares = new double[weights.length];
    for (int k = 0; k < weights.length; k++) {
      shares[k] = weights[k] / sum;
    }
    float[] mean = new float[arrays.get(0).length];
    forEachBlock(mean.length, parallel, (from, count) -> mean(arrays, shares, mean, from, count));
    return mean;
  }

  /** Some neighbouring elements of arrays. */
  interface Block {
    void compute(int from, int count);
  }

  /** Computes all elements, a block at a time that the fastest cache holds. */
  static void forEachBlock(int length, boolean parallel, Block block) {
    IntStream blocks = IntStream.rangeClosed(0, (length - 1) / BLOCK);
    (parallel ? blocks.parallel() : blocks)
        .map(index -> index * BLOCK)
        .forEach(from -> block.compute(from, Math.min(BLOCK, length - from)));
  }

  private static void mean(
      List<float[]> arrays, double[] shares, float[] mean, int from, int count) {
    double[] sums = new double[count];
    float[] first = arrays.get(0);
    for (int i = 0; i < count; i++) {
      sums[i] = shares[0] * first[from + i]; // added to 0 it would lose -0.0
    }
    int last = shares.length - 1;
    for (int k = 1; k < last; k++) {
      float[] values = arrays.get(k);
      for (int i = 0; i < count; i++) {
        sums[i] += shares[k] * values[from + i];
      }
    }
    float[] values = arrays.get(last);
    for (int i = 0; i < count; i++) {
      mean[from + i] = (float) (sums[i] + shares[last] * values[from + i]);
    }
  }

  /** Whether none of {@code values} is infinite or NaN. */
  public static boolean finite(float[] values) {
    int largest = 0;
    for (float value : values) {
      largest = Math.max(largest, Float.floatToRawIntBits(value) & Integer.MAX_VALUE);
    }
    return largest < Float.floatToRawIntBits(Float.POSITIVE_INFINITY);
  }
}
