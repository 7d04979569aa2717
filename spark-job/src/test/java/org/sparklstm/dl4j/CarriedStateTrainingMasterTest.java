package org.sparklstm.dl4j;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import org.apache.spark.SparkConf;
import org.apache.spark.api.java.JavaRDD;
import org.apache.spark.api.java.JavaSparkContext;
import org.apache.spark.serializer.KryoSerializer;
import org.assertj.core.api.AbstractThrowableAssert;
import org.deeplearning4j.nn.conf.MultiLayerConfiguration;
import org.deeplearning4j.nn.conf.NeuralNetConfiguration;
import org.deeplearning4j.nn.conf.layers.BaseLayer;
import org.deeplearning4j.nn.conf.layers.DenseLayer;
import org.deeplearning4j.nn.conf.layers.OutputLayer;
import org.deeplearning4j.nn.conf.layers.RnnOutputLayer;
import org.deeplearning4j.nn.multilayer.MultiLayerNetwork;
import org.deeplearning4j.spark.impl.multilayer.SparkDl4jMultiLayer;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.dataset.DataSet;
import org.nd4j.linalg.factory.Nd4j;
import org.nd4j.linalg.learning.config.Sgd;
import org.nd4j.linalg.schedule.ScheduleType;
import org.nd4j.linalg.schedule.StepSchedule;
import org.sparklstm.engine.Dropout;
import org.sparklstm.engine.Regularisation;
import org.sparklstm.engine.Replica;
import org.sparklstm.engine.dl4j.Dl4jModel;
import org.sparklstm.model.LstmShape;
import org.sparklstm.model.ParameterLayout;
import org.sparklstm.testing.LocalSpark;
import org.sparklstm.testing.Replicas;
import org.sparklstm.text.LaneShard;

class CarriedStateTrainingMasterTest {
  private static final LstmShape SHAPE = new LstmShape(12, 4, 2);
  private static final int LANES = 4;
  private static final int WINDOW = 3;
  private static final int WINDOWS = 7;

  @Test
  void fitWithOneWorkerEqualsSerialTrainingWithCarriedState() {
    float[] initial = ParameterLayout.initialise(SHAPE, 0.5f, 3);
    LaneShard lanes = randomLanes();
    MultiLayerNetwork network = network(initial);
    SparkDl4jMultiLayer spark =
        new SparkDl4jMultiLayer(context(), network, new CarriedStateTrainingMaster(1, 2, 0.5, 1));

    spark.fit(windows(lanes));

    try (Replica serial = Replicas.of(SHAPE, LANES)) {
      serial.setParameters(initial);
      for (int window = 0; window < WINDOWS; window++) {
        serial.backpropagate(lanes.window(window), Regularisation.NONE, 0);
        serial.step(new org.sparklstm.engine.Sgd(0.5), 1.0);
      }
      assertThat(Dl4jModel.fromDl4j(SHAPE, network.params().dup().data().asFloat()))
          .isEqualTo(serial.parameters())
          .isNotEqualTo(initial);
    }
  }

  @Test
  void severalWorkersLowerTheScoreFromFitToFit() {
    MultiLayerNetwork network = network(ParameterLayout.initialise(SHAPE, 0.1f, 3));
    SparkDl4jMultiLayer spark =
        new SparkDl4jMultiLayer(context(), network, new CarriedStateTrainingMaster(3, 2, 5, 1));
    JavaRDD<DataSet> windows = windows(randomLanes());

    spark.fit(windows);
    double first = network.score();
    for (int epoch = 0; epoch < 8; epoch++) {
      spark.fit(windows);
    }

    assertThat(first).isBetween(WINDOW * 1.5, WINDOW * 3.0); // T · ln 12 at the start
    assertThat(network.score()).isLessThan(first);
    assertThat(network.getEpochCount()).isEqualTo(9);
  }

  @Test
  void anotherKindOfNetworkIsRefused() {
    MultiLayerConfiguration dense =
        new NeuralNetConfiguration.Builder()
            .list()
            .layer(new DenseLayer.Builder().nIn(2).nOut(2).build())
            .layer(new OutputLayer.Builder().nIn(2).nOut(2).build())
            .build();
    SparkDl4jMultiLayer spark =
        new SparkDl4jMultiLayer(context(), dense, new CarriedStateTrainingMaster(1, 2, 5, 1));

    assertThatThrownBy(() -> spark.fit(windows(randomLanes())))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessage(
            "Cannot train this network: it must be EmbeddingSequenceLayer, LSTM layers and RnnOutputLayer");
  }

  @Test
  void layersWithTheirOwnUpdaterAreRefused() {
    MultiLayerNetwork network = network(new float[SHAPE.parameterCount()]);
    ((BaseLayer) network.getLayer(2).conf().getLayer()).setIUpdater(new Sgd(0.5));
    SparkDl4jMultiLayer spark =
        new SparkDl4jMultiLayer(context(), network, new CarriedStateTrainingMaster(1, 2, 5, 1));

    assertThatThrownBy(() -> spark.fit(windows(randomLanes())))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("its updater must be one Sgd for all layers");
  }

  @Test
  void windowsThatDoNotContinueEachOtherAreRefused() {
    LaneShard lanes = randomLanes();
    JavaRDD<DataSet> windows =
        context().parallelize(List.of(dataSet(lanes, 0), dataSet(lanes, 2)), 1);
    SparkDl4jMultiLayer spark =
        new SparkDl4jMultiLayer(
            context(),
            network(new float[SHAPE.parameterCount()]),
            new CarriedStateTrainingMaster(1, 2, 5, 1));

    assertThatThrownBy(() -> spark.fit(windows))
        .hasMessageContaining("does not begin with the last target of the window before");
  }

  @Test
  void windowsOfAnotherShapeAreRefused() {
    INDArray flat = Nd4j.zeros(LANES, WINDOW);

    assertRefused(new DataSet(flat, flat))
        .hasMessage(
            "Window 0 must have features and labels [B, 1, T], has [%s, %s]", LANES, WINDOW);
    assertRefused(dataSet(randomLanes(), 0), new DataSet(flat, flat))
        .hasMessageContaining(
            "Window 1 must have features and labels [%s, 1, %s], has [%s, %s]"
                .formatted(LANES, WINDOW, LANES, WINDOW));
    assertRefused(new DataSet(dataSet(randomLanes(), 0).getFeatures(), null))
        .hasMessageContaining("Window 0 must have features and labels")
        .hasMessageContaining("has none");
  }

  @Test
  void aPartialLastWindowIsRefused() {
    DataSet whole = dataSet(randomLanes(), 0);
    INDArray partial = Nd4j.zeros(LANES, 1, WINDOW - 1);

    assertRefused(whole, new DataSet(partial, partial))
        .hasMessageContaining("Window 1 must have features and labels");
  }

  @ParameterizedTest
  @ValueSource(doubles = {-1, 1.5, 12, Double.NaN})
  void anIdThatIsNoWordIsRefused(double id) {
    DataSet window = dataSet(randomLanes(), 0);
    window.getLabels().putScalar(new int[] {1, 0, 0}, id);

    assertRefused(window)
        .hasMessageContaining(
            "Window 0 has the word id %s: ids are whole numbers from 0 to 11".formatted(id));
  }

  @Test
  void aLabelThatIsNotTheNextFeatureIsRefused() {
    DataSet window = dataSet(randomLanes(), 0);
    window
        .getLabels()
        .putScalar(new int[] {2, 0, 1}, 1 + window.getFeatures().getInt(2, 0, 2) % 11);

    assertRefused(window)
        .hasMessageContaining("Window 0, lane 2: label 1 is not the feature after it");
  }

  @Test
  void aMaskIsRefused() {
    DataSet window = dataSet(randomLanes(), 0);
    window.setLabelsMaskArray(Nd4j.ones(LANES, WINDOW));

    assertRefused(window).hasMessageContaining("Window 0 has a mask");
  }

  @Test
  void aLearningRateScheduleIsRefused() {
    MultiLayerNetwork network = network(new float[SHAPE.parameterCount()]);
    Sgd scheduled = new Sgd(new StepSchedule(ScheduleType.EPOCH, 1, 0.5, 4));
    for (org.deeplearning4j.nn.api.Layer layer : network.getLayers()) {
      ((BaseLayer) layer.conf().getLayer()).setIUpdater(scheduled);
    }

    assertRefused(network, windows(randomLanes()))
        .hasMessageStartingWith(
            "Cannot train this network: its Sgd must have a learning rate, has the schedule");
  }

  @Test
  void anOutputLayerWithoutBiasIsRefused() {
    MultiLayerConfiguration configuration = Dl4jModel.configuration(SHAPE, Dropout.NONE);
    ((RnnOutputLayer) configuration.getConf(configuration.getConfs().size() - 1).getLayer())
        .setHasBias(false);
    MultiLayerNetwork network = new MultiLayerNetwork(configuration);
    network.init();

    assertRefused(network, windows(randomLanes()))
        .hasMessage(
            "Cannot train this network: it must end in softmax with bias and LossSparseMCXENT");
  }

  @Test
  void kryoIsRefusedBeforeDl4jLooks() {
    SparkConf conf = LocalSpark.session().sparkContext().conf();
    conf.set("spark.serializer", KryoSerializer.class.getName());
    try {
      assertThatThrownBy(() -> new CarriedStateTrainingMaster(1, 2, 5, 1))
          .isInstanceOf(IllegalStateException.class)
          .hasMessage(
              "CarriedStateTrainingMaster needs spark.serializer ="
                  + " org.apache.spark.serializer.JavaSerializer: Kryo cannot write Java's records");
    } finally {
      conf.remove("spark.serializer");
    }
  }

  private static AbstractThrowableAssert<?, ? extends Throwable> assertRefused(DataSet... windows) {
    return assertRefused(
        network(new float[SHAPE.parameterCount()]), context().parallelize(List.of(windows), 1));
  }

  private static AbstractThrowableAssert<?, ? extends Throwable> assertRefused(
      MultiLayerNetwork network, JavaRDD<DataSet> windows) {
    SparkDl4jMultiLayer spark =
        new SparkDl4jMultiLayer(context(), network, new CarriedStateTrainingMaster(1, 2, 5, 1));
    return assertThatThrownBy(() -> spark.fit(windows));
  }

  private static JavaSparkContext context() {
    return JavaSparkContext.fromSparkContext(LocalSpark.session().sparkContext());
  }

  private static MultiLayerNetwork network(float[] parameters) {
    MultiLayerNetwork network = new MultiLayerNetwork(Dl4jModel.configuration(SHAPE, Dropout.NONE));
    network.init();
    network.params().assign(Nd4j.createFromArray(Dl4jModel.toDl4j(SHAPE, parameters)));
    return network;
  }

  /** Lanes of random small steps up, so that a window continues hardly any but the one before. */
  private static LaneShard randomLanes() {
    Random random = new Random(5);
    int[][] tokens = new int[LANES][WINDOWS * WINDOW + 1];
    for (int[] lane : tokens) {
      int next = random.nextInt(SHAPE.vocabularySize());
      for (int i = 0; i < lane.length; i++) {
        lane[i] = next;
        next = (next + 1 + random.nextInt(2)) % SHAPE.vocabularySize();
      }
    }
    return new LaneShard(0, WINDOW, tokens);
  }

  private static JavaRDD<DataSet> windows(LaneShard lanes) {
    List<DataSet> windows = new ArrayList<>();
    for (int window = 0; window < lanes.windows(); window++) {
      windows.add(dataSet(lanes, window));
    }
    return context().parallelize(windows, 3);
  }

  private static DataSet dataSet(LaneShard lanes, int window) {
    int start = window * WINDOW;
    float[][][] features = new float[LANES][1][];
    float[][][] labels = new float[LANES][1][];
    for (int lane = 0; lane < LANES; lane++) {
      int[] tokens = Arrays.copyOfRange(lanes.tokens()[lane], start, start + WINDOW + 1);
      features[lane][0] = floats(tokens, 0);
      labels[lane][0] = floats(tokens, 1);
    }
    return new DataSet(Nd4j.create(features), Nd4j.create(labels));
  }

  private static float[] floats(int[] tokens, int from) {
    float[] floats = new float[WINDOW];
    for (int i = 0; i < WINDOW; i++) {
      floats[i] = tokens[from + i];
    }
    return floats;
  }
}
