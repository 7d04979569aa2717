package org.sparklstm;

import java.util.Arrays;
import java.util.Random;

/** A file that something went wrong with. */
public final class Mutant {
  private Mutant() {}

  /** A copy of {@code original} after {@code edits} random edits; the same for the same seed. */
  public static byte[] of(byte[] original, long seed, int edits) {
    Random random = new Random(seed);
    byte[] bytes = original.clone();
    for (int edit = 0; edit < edits; edit++) {
      int from = random.nextInt(bytes.length + 1);
      int to = Math.min(bytes.length, from + random.nextInt(40));
      bytes =
          switch (random.nextInt(6)) {
            case 0 -> joined(bytes, from, new byte[0], to); // a hole
            case 1 -> joined(bytes, to, Arrays.copyOfRange(bytes, from, to), to); // said twice
            case 2 -> joined(bytes, from, noise(random), from);
            case 3 -> joined(bytes, from, noise(random), to);
            case 4 -> flipped(bytes, from, random.nextInt(8));
            default -> random.nextInt(10) == 0 ? Arrays.copyOf(bytes, from) : bytes; // cut off
          };
    }
    return bytes;
  }

  private static byte[] noise(Random random) {
    byte[] noise = new byte[1 + random.nextInt(8)];
    random.nextBytes(noise);
    if (random.nextBoolean()) {
      byte[] telling = {
        '0', '9', '-', 'e', '.', '"', '{', '}', '[', ']', ',', ':', ' ', '\n', '$', 0
      };
      for (int i = 0; i < noise.length; i++) {
        noise[i] = telling[noise[i] & 15];
      }
    }
    return noise;
  }

  private static byte[] flipped(byte[] bytes, int at, int bit) {
    if (at < bytes.length) {
      bytes[at] ^= (byte) (1 << bit);
    }
    return bytes;
  }

  /** The first {@code head} bytes, {@code middle}, and those from {@code tail} on. */
  private static byte[] joined(byte[] bytes, int head, byte[] middle, int tail) {
    byte[] joined = Arrays.copyOf(bytes, head + middle.length + bytes.length - tail);
    System.arraycopy(middle, 0, joined, head, middle.length);
    System.arraycopy(bytes, tail, joined, head + middle.length, bytes.length - tail);
    return joined;
  }
}
