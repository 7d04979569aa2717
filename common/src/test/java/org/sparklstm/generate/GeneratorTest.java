package org.sparklstm.generate;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.sparklstm.engine.Replica;
import org.sparklstm.engine.Replicas;
import org.sparklstm.model.LstmShape;
import org.sparklstm.model.ParameterLayout;
import org.sparklstm.text.Vocabulary;
import org.sparklstm.text.Window;

class GeneratorTest {
  private static final Vocabulary WORDS =
      new Vocabulary(List.of("<eos>", "a", "b", "<unk>", "c", "d", "e"));
  private static final LstmShape SHAPE = new LstmShape(7, 5, 2);
  private static final float[] PARAMETERS = ParameterLayout.initialise(SHAPE, 0.8f, 4);
  private static final Sampler FREE = new Sampler(1, 7, 1);

  private static List<List<String>> generate(
      int samples, Sampler sampler, boolean allowUnknown, int length, long seed, int... prompt) {
    try (Replica replica = Replicas.of("onednn", SHAPE, samples)) {
      replica.setParameters(PARAMETERS);
      return generate(replica, sampler, allowUnknown, length, seed, prompt);
    }
  }

  private static List<List<String>> generate(
      Replica replica, Sampler sampler, boolean allowUnknown, int length, long seed, int[] prompt) {
    List<List<String>> texts = new ArrayList<>();
    IntStream.range(0, replica.lanes()).forEach(sample -> texts.add(new ArrayList<>()));
    new Generator(replica, WORDS, sampler, allowUnknown)
        .generate(
            texts.size(), prompt, length, seed, (word, sample) -> texts.get(sample).add(word));
    return texts;
  }

  @Test
  void aSampleDoesNotDependOnHowManyOthersThereAre() {
    List<List<String>> five = generate(5, FREE, false, 30, 9, 0, 1);

    assertThat(generate(2, FREE, false, 30, 9, 0, 1)).isEqualTo(five.subList(0, 2));
    assertThat(generate(5, FREE, false, 30, 9, 0, 1)).isEqualTo(five);
    assertThat(generate(5, FREE, false, 30, 8, 0, 1)).isNotEqualTo(five);
    assertThat(five).doesNotHaveDuplicates();
  }

  @Test
  void theUnknownWordIsDrawnOnlyWhereItMay() {
    assertThat(generate(1, FREE, false, 400, 1, 0).get(0)).doesNotContain("<unk>");
    assertThat(generate(1, FREE, true, 400, 1, 0).get(0)).contains("<unk>");
  }

  @Test
  void aReplicaForgetsTheTextBefore() {
    try (Replica replica = Replicas.of("onednn", SHAPE, 1)) {
      replica.setParameters(PARAMETERS);
      List<List<String>> first = generate(replica, FREE, true, 20, 1, new int[] {0, 2, 4});
      assertThat(generate(replica, FREE, true, 20, 1, new int[] {0, 2, 4})).isEqualTo(first);
    }
  }

  /** With temperature 0 each word is the one that a scorer of the whole text finds likeliest. */
  @ParameterizedTest
  @ValueSource(strings = {"onednn", "dl4j"})
  void eachWordIsTheLikeliestAfterThePromptAndAllBefore(String engine) {
    int[] prompt = {0, 5, 1, 1};
    int length = 12;
    List<String> drawn;
    try (Replica replica = Replicas.of("onednn", SHAPE, 1)) {
      replica.setParameters(PARAMETERS);
      drawn = generate(replica, new Sampler(0, 1, 1), true, length, 1, prompt).get(0);
    }
    int[] text =
        IntStream.concat(
                IntStream.of(prompt), drawn.stream().mapToInt(word -> WORDS.id(word).orElseThrow()))
            .toArray();
    for (int end = prompt.length; end < text.length; end++) {
      int likeliest = 0;
      double least = Double.POSITIVE_INFINITY;
      for (int word = 0; word < WORDS.size(); word++) {
        double nats = natsOfLast(engine, text, end, word);
        if (nats < least) {
          least = nats;
          likeliest = word;
        }
      }
      assertThat(text[end]).isEqualTo(likeliest);
    }
  }

  /** −ln p of {@code word} after the first {@code end} words of {@code text}. */
  private static double natsOfLast(String engine, int[] text, int end, int word) {
    int[] targets = new int[end];
    System.arraycopy(text, 1, targets, 0, end - 1);
    targets[end - 1] = word;
    int[] inputs = Arrays.copyOf(text, end);
    try (Replica replica = Replicas.of(engine, SHAPE, 1)) {
      replica.setParameters(PARAMETERS);
      return replica.score(new Window(0, 0, 1, end, inputs, targets))[end - 1];
    }
  }
}
