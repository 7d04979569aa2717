package org.sparklstm.generate;

import java.util.Arrays;
import java.util.SplittableRandom;
import java.util.function.ObjIntConsumer;
import java.util.random.RandomGenerator;
import org.sparklstm.engine.Replica;
import org.sparklstm.text.Vocabulary;

/**
 * Continues a text word by word. Each sample has its own lane and its own random numbers, so it
 * does not depend on how many others there are.
 */
public final class Generator {
  private final Replica replica;
  private final Vocabulary vocabulary;
  private final Sampler sampler;
  private final boolean allowUnknown;

  /**
   * A generator.
   *
   * @param replica with its parameters set; it has a lane for each sample, or more
   * @param allowUnknown whether {@code <unk>} may be drawn
   */
  public Generator(Replica replica, Vocabulary vocabulary, Sampler sampler, boolean allowUnknown) {
    this.replica = replica;
    this.vocabulary = vocabulary;
    this.sampler = sampler;
    this.allowUnknown = allowUnknown;
  }

  /**
   * Draws {@code length} words for each sample, one step after the other.
   *
   * @param samples texts to draw
   * @param prompt word ids that come before; at least one
   * @param seed of the random numbers; a sample's follow from it and the sample's number
   * @param drawn takes each word with the number of its sample, from 0
   */
  public void generate(
      int samples, int[] prompt, int length, long seed, ObjIntConsumer<String> drawn) {
    int size = vocabulary.size();
    int unknown =
        allowUnknown || !vocabulary.contains(Vocabulary.UNKNOWN)
            ? -1
            : vocabulary.id(Vocabulary.UNKNOWN).orElseThrow();
    SplittableRandom seeds = new SplittableRandom(seed);
    RandomGenerator[] randoms = new RandomGenerator[samples];
    int[] words = new int[replica.lanes()];
    for (int lane = 0; lane < words.length; lane++) {
      replica.clearLane(lane);
    }
    for (int sample = 0; sample < samples; sample++) {
      randoms[sample] = seeds.split();
    }
    for (int i = 0; i < prompt.length - 1; i++) {
      Arrays.fill(words, prompt[i]);
      replica.next(words);
    }
    Arrays.fill(words, prompt[prompt.length - 1]);
    for (int step = 0; step < length; step++) {
      float[] next = replica.next(words);
      for (int sample = 0; sample < samples; sample++) {
        int from = sample * size;
        if (unknown >= 0) {
          next[from + unknown] = Float.NEGATIVE_INFINITY;
        }
        words[sample] = sampler.draw(next, from, size, randoms[sample]);
        drawn.accept(vocabulary.words().get(words[sample]), sample);
      }
    }
  }
}
