package org.sparklstm.engine.dl4j;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.util.Arrays;
import java.util.List;
import java.util.TimeZone;
import java.util.function.Consumer;
import org.deeplearning4j.nn.conf.MultiLayerConfiguration;
import org.deeplearning4j.nn.conf.dropout.GaussianDropout;
import org.deeplearning4j.nn.conf.layers.BaseLayer;
import org.deeplearning4j.nn.conf.layers.EmbeddingSequenceLayer;
import org.deeplearning4j.nn.conf.layers.LSTM;
import org.deeplearning4j.nn.conf.layers.Layer;
import org.deeplearning4j.nn.conf.layers.RnnOutputLayer;
import org.deeplearning4j.nn.multilayer.MultiLayerNetwork;
import org.deeplearning4j.util.ModelSerializer;
import org.junit.jupiter.api.Test;
import org.nd4j.linalg.activations.impl.ActivationTanH;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.factory.Nd4j;
import org.sparklstm.engine.Dropout;
import org.sparklstm.engine.Replica;
import org.sparklstm.engine.Replicas;
import org.sparklstm.model.LstmShape;
import org.sparklstm.model.ParameterLayout;
import org.sparklstm.text.Window;

class Dl4jModelTest {
  private static final LstmShape THREE_LAYERS = new LstmShape(7, 3, 3);
  private static final Dropout DROPOUT = new Dropout(0.6f, 0.5f, 0.4f, Dropout.Mode.PER_STEP, 1, 1);
  private static final LstmShape SHAPE = new LstmShape(7, 3, 2);

  @Test
  void gatesStandInTheOrderOfDl4j() {
    float[] ours = {0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17};
    float[] theirs = {0, 1, 4, 3, 5, 2, 8, 7, 9, 6, 12, 11, 13, 10, 14, 15, 16, 17};

    assertThat(Dl4jModel.toDl4j(new LstmShape(2, 1, 1), ours)).isEqualTo(theirs);
  }

  @Test
  void embeddingStandsTransposed() {
    LstmShape shape = new LstmShape(3, 2, 1);

    assertThat(Arrays.copyOf(Dl4jModel.toDl4j(shape, numbered(shape)), 6))
        .containsExactly(0, 2, 4, 1, 3, 5);
  }

  @Test
  void thereAndBackIsTheIdentity() {
    float[] parameters = numbered(SHAPE);

    assertThat(Dl4jModel.fromDl4j(SHAPE, Dl4jModel.toDl4j(SHAPE, parameters)))
        .isEqualTo(parameters);
    assertThat(Dl4jModel.toDl4j(SHAPE, Dl4jModel.fromDl4j(SHAPE, parameters)))
        .isEqualTo(parameters);
  }

  @Test
  void parametersOfAnotherNetworkAreRefused() {
    assertThatThrownBy(() -> Dl4jModel.toDl4j(SHAPE, new float[3]))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessage(
            "LstmShape[vocabularySize=7, embeddingSize=3, hiddenSizes=[3, 3], tiedEmbeddings=false]"
                + " has 217 parameters, not 3");
  }

  @Test
  void eachLayerHasTheDropoutOfItsInputs() {
    for (int layers = 1; layers <= 3; layers++) {
      MultiLayerConfiguration network =
          Dl4jModel.configuration(new LstmShape(7, 3, layers), DROPOUT);
      for (int layer = 0; layer <= layers; layer++) {
        assertThat(network.getConf(layer + 1).getLayer().getIDropout())
            .isEqualTo(
                new org.deeplearning4j.nn.conf.dropout.Dropout(
                    DROPOUT.keepProbability(layer, layers)));
      }
      Dropout read = Dl4jModel.dropout(network);
      for (int layer = 0; layer <= layers; layer++) {
        assertThat(read.keepProbability(layer, layers))
            .isEqualTo(DROPOUT.keepProbability(layer, layers));
      }
    }
    MultiLayerConfiguration none = Dl4jModel.configuration(SHAPE, Dropout.NONE);
    assertThat(Dl4jModel.dropout(none)).isEqualTo(Dropout.NONE);
  }

  @Test
  void whatTheEngineWouldNotComputeIsRefused() {
    MultiLayerConfiguration network = Dl4jModel.configuration(THREE_LAYERS, DROPOUT);
    assertThat(Dl4jModel.shape(network)).isEqualTo(THREE_LAYERS);
    LstmShape sizes = new LstmShape(7, 3, List.of(5, 2), false);
    assertThat(Dl4jModel.shape(Dl4jModel.configuration(sizes, DROPOUT))).isEqualTo(sizes);
    assertRefused(2, layer -> ((LSTM) layer).setNIn(4));
    assertRefused(4, layer -> ((RnnOutputLayer) layer).setNIn(4));
    assertRefused(0, layer -> ((BaseLayer) layer).setActivationFn(new ActivationTanH()));
    assertRefused(0, layer -> ((EmbeddingSequenceLayer) layer).setHasBias(true));
    assertRefused(
        0, layer -> layer.setIDropout(new org.deeplearning4j.nn.conf.dropout.Dropout(0.5)));
    assertRefused(
        3, layer -> layer.setIDropout(new org.deeplearning4j.nn.conf.dropout.Dropout(0.9)));
    assertRefused(4, layer -> layer.setIDropout(new GaussianDropout(0.5)));
    assertRefused(2, layer -> layer.setIDropout(new GaussianDropout(0.5)));
    assertRefused(2, layer -> ((LSTM) layer).setGateActivationFn(new ActivationTanH()));
  }

  private static void assertRefused(int layer, Consumer<Layer> change) {
    MultiLayerConfiguration network = Dl4jModel.configuration(THREE_LAYERS, DROPOUT);
    change.accept(network.getConf(layer).getLayer());

    assertThatThrownBy(() -> Dl4jModel.shape(network))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageStartingWith("Cannot train this network: it must");
  }

  @Test
  void networkThatDl4jRestoresGivesTheProbabilitiesOfTheReplica() throws IOException {
    float[] parameters = ParameterLayout.initialise(SHAPE, 0.8f, 1);
    Window window =
        new Window(
            0, 0, 2, 4, new int[] {0, 6, 1, 5, 2, 4, 3, 3}, new int[] {1, 5, 2, 4, 3, 3, 4, 2});

    MultiLayerNetwork network =
        ModelSerializer.restoreMultiLayerNetwork(new ByteArrayInputStream(zip(parameters)));
    INDArray ids = Nd4j.createFromArray(new float[] {0, 1, 2, 3, 6, 5, 4, 3}).reshape(2, 1, 4);
    INDArray probabilities = network.output(ids);
    double nats = 0;
    for (int t = 0; t < 4; t++) {
      for (int lane = 0; lane < 2; lane++) {
        nats -= Math.log(probabilities.getDouble(lane, window.targets()[t * 2 + lane], t));
      }
    }
    network.close();

    try (Replica replica = Replicas.of(new Dl4jEngine(), SHAPE, 2)) {
      replica.setParameters(parameters);
      assertThat(replica.evaluate(window).nats()).isCloseTo(nats, within(1e-5));
    }
    assertThat(nats).isNotCloseTo(8 * Math.log(7), within(0.1));
  }

  @Test
  void theSameParametersGiveTheSameZip() throws IOException {
    float[] parameters = ParameterLayout.initialise(SHAPE, 0.1f, 1);

    byte[] first = zip(parameters);
    long tick = System.currentTimeMillis();
    while (System.currentTimeMillis() == tick) {
      Thread.onSpinWait();
    }
    assertThat(zip(parameters)).isEqualTo(first);
  }

  @Test
  void theSameParametersGiveTheSameZipInEveryTimeZone() throws IOException {
    float[] parameters = ParameterLayout.initialise(SHAPE, 0.1f, 1);
    TimeZone before = TimeZone.getDefault();
    try {
      TimeZone.setDefault(TimeZone.getTimeZone("Asia/Tokyo"));
      byte[] east = zip(parameters);
      TimeZone.setDefault(TimeZone.getTimeZone("America/New_York"));
      assertThat(zip(parameters)).isEqualTo(east);
    } finally {
      TimeZone.setDefault(before);
    }
  }

  private static byte[] zip(float[] parameters) throws IOException {
    ByteArrayOutputStream out = new ByteArrayOutputStream();
    Dl4jModel.writeZip(SHAPE, DROPOUT, parameters, out);
    return out.toByteArray();
  }

  private static float[] numbered(LstmShape shape) {
    float[] numbers = new float[shape.parameterCount()];
    for (int i = 0; i < numbers.length; i++) {
      numbers[i] = i;
    }
    return numbers;
  }
}
