package org.sparklstm.model;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.sparklstm.config.SettingsLoader;
import org.sparklstm.model.ParameterLayout.Tensor;

class ParameterLayoutTest {
  private static final LstmShape SHAPE = new LstmShape(5, 2, 2);

  @ParameterizedTest(name = "{0}")
  @CsvSource({"small, 4651600", "medium, 19775200", "large, 66022000"})
  void presetsHaveThePublishedNumberOfParameters(String preset, int parameters) {
    LstmShape shape = SettingsLoader.load(preset, null, List.of()).shape(10_000);

    assertThat(shape.parameterCount()).isEqualTo(parameters);
    assertThat(ParameterLayout.of(shape).stream().mapToInt(Tensor::size).sum())
        .isEqualTo(parameters);
  }

  @Test
  void tensorsStandOneAfterTheOther() {
    assertThat(ParameterLayout.of(SHAPE))
        .containsExactly(
            new Tensor("embedding.weight", List.of(5, 2), 0),
            new Tensor("lstm.weight_ih_l0", List.of(8, 2), 10),
            new Tensor("lstm.weight_hh_l0", List.of(8, 2), 26),
            new Tensor("lstm.bias_ih_l0", List.of(8), 42),
            new Tensor("lstm.weight_ih_l1", List.of(8, 2), 50),
            new Tensor("lstm.weight_hh_l1", List.of(8, 2), 66),
            new Tensor("lstm.bias_ih_l1", List.of(8), 82),
            new Tensor("decoder.weight", List.of(5, 2), 90),
            new Tensor("decoder.bias", List.of(5), 100));
    assertThat(SHAPE.parameterCount()).isEqualTo(105);
  }

  @Test
  void laneStateHoldsHiddenAndCellStateOfEachLayer() {
    assertThat(SHAPE.laneStateSize()).isEqualTo(8);
  }

  @Test
  void initialParametersAreUniformInPlusMinusScale() {
    float[] parameters = ParameterLayout.initialise(new LstmShape(100, 20, 1), 0.25f, 7);

    float[] embedding = Arrays.copyOf(parameters, 2_000);
    int[] quarters = new int[4];
    for (float value : embedding) {
      assertThat(value).isBetween(-0.25f, 0.25f);
      quarters[Math.min(3, (int) ((value + 0.25f) * 8))]++;
    }
    assertThat(Arrays.stream(quarters)).allSatisfy(n -> assertThat(n).isBetween(400, 600));
  }

  @Test
  void lstmBiasesStartAtZeroAndNothingElse() {
    float[] parameters = ParameterLayout.initialise(SHAPE, 0.1f, 1);

    for (Tensor tensor : ParameterLayout.of(SHAPE)) {
      float[] values =
          Arrays.copyOfRange(parameters, tensor.offset(), tensor.offset() + tensor.size());
      if (tensor.name().startsWith("lstm.bias")) {
        assertThat(values).containsOnly(0);
      } else {
        assertThat(values).describedAs(tensor.name()).doesNotContain(0);
      }
    }
  }

  @Test
  void theSameSeedGivesTheSameParametersAndAnotherSeedOthers() {
    float[] parameters = ParameterLayout.initialise(SHAPE, 0.1f, 1);

    assertThat(ParameterLayout.initialise(SHAPE, 0.1f, 1)).isEqualTo(parameters);
    assertThat(ParameterLayout.initialise(SHAPE, 0.1f, 2)).isNotEqualTo(parameters);
  }

  @ParameterizedTest
  @CsvSource({"0, 2, 1", "5, 0, 1", "5, 2, 0", "-1, 2, 1"})
  void sizesBelowOneAreRefused(int words, int units, int layers) {
    assertThatThrownBy(() -> new LstmShape(words, units, layers))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessage(
            "Cannot build a network of %s words, %s units and %s layers: each must be at least 1"
                .formatted(words, layers == 0 ? 0 : units, layers));
  }

  @Test
  void layersMayDifferInSize() {
    LstmShape shape = new LstmShape(5, 2, List.of(3, 4), false);

    assertThat(ParameterLayout.of(shape).stream().map(Tensor::shape))
        .containsExactly(
            List.of(5, 2),
            List.of(12, 2),
            List.of(12, 3),
            List.of(12),
            List.of(16, 3),
            List.of(16, 4),
            List.of(16),
            List.of(5, 4),
            List.of(5));
    assertThat(ParameterLayout.of(shape).stream().mapToInt(Tensor::size).sum())
        .isEqualTo(shape.parameterCount());
    assertThat(shape.laneStateSize()).isEqualTo(14);
    assertThat(shape.stateOffset(1)).isEqualTo(6);
  }

  @Test
  void tiedEmbeddingsOfAnotherSizeThanTheLastLayerAreRefused() {
    assertThatThrownBy(() -> new LstmShape(5, 2, List.of(2, 3), true))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessage("Cannot tie embeddings of 2 units to a last layer of 3: they must be as many");
  }

  @Test
  void asManyParametersAsOneArrayHoldsAreAllowed() {
    int words = (Integer.MAX_VALUE - 8 - 12) / 3;

    assertThat(new LstmShape(words, 1, 1).parameterCount()).isEqualTo(3 * words + 12);
    assertRefused(words + 1, 1, 3L * (words + 1) + 12);
    assertRefused(10_000, 20_000, 3_600_090_000L);
  }

  @Test
  void sizesWhoseParameterCountOverflowsALongAreRefused() {
    assertThatThrownBy(() -> new LstmShape(10_000, 1 << 30, 1))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("at most 2^31 - 9 fit into one array");
  }

  private static void assertRefused(int words, int units, long parameters) {
    assertThatThrownBy(() -> new LstmShape(words, units, 1))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessage(
            ("Cannot build a network of %s parameters: at most 2^31 - 9 fit into one array; reduce"
                    + " model.hidden-size, model.layers or vocabulary.size")
                .formatted(parameters));
  }
}
