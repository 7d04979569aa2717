package org.sparklstm.dl4j;

import java.util.Arrays;
import java.util.Collection;
import java.util.Iterator;
import java.util.Set;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.apache.spark.SparkContext;
import org.apache.spark.SparkEnv;
import org.apache.spark.api.java.JavaPairRDD;
import org.apache.spark.api.java.JavaRDD;
import org.apache.spark.api.java.JavaSparkContext;
import org.apache.spark.serializer.JavaSerializer;
import org.apache.spark.serializer.KryoSerializer;
import org.deeplearning4j.core.loader.DataSetLoader;
import org.deeplearning4j.core.loader.MultiDataSetLoader;
import org.deeplearning4j.core.storage.StatsStorageRouter;
import org.deeplearning4j.nn.conf.layers.BaseLayer;
import org.deeplearning4j.nn.multilayer.MultiLayerNetwork;
import org.deeplearning4j.optimize.api.TrainingListener;
import org.deeplearning4j.spark.api.TrainingHook;
import org.deeplearning4j.spark.api.TrainingMaster;
import org.deeplearning4j.spark.api.TrainingResult;
import org.deeplearning4j.spark.api.TrainingWorker;
import org.deeplearning4j.spark.api.stats.SparkTrainingStats;
import org.deeplearning4j.spark.impl.graph.SparkComputationGraph;
import org.deeplearning4j.spark.impl.multilayer.SparkDl4jMultiLayer;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.dataset.DataSet;
import org.nd4j.linalg.dataset.api.MultiDataSet;
import org.nd4j.linalg.factory.Nd4j;
import org.nd4j.linalg.learning.config.IUpdater;
import org.nd4j.linalg.learning.config.Sgd;
import org.sparklstm.averaging.AveragingTrainer;
import org.sparklstm.averaging.EngineProbe;
import org.sparklstm.averaging.ReplicaPool;
import org.sparklstm.averaging.ShardedLanes;
import org.sparklstm.engine.EngineChoice;
import org.sparklstm.engine.LossSum;
import org.sparklstm.engine.Regularisation;
import org.sparklstm.engine.dl4j.Dl4jModel;
import org.sparklstm.model.LstmShape;
import org.sparklstm.text.LaneAssignment;
import org.sparklstm.text.TextCut;
import org.sparklstm.train.AveragingPlan;
import org.sparklstm.train.Combine;
import org.sparklstm.train.MovingAverage;
import org.sparklstm.train.OuterOptimiser;
import org.sparklstm.train.Schedule;
import org.sparklstm.train.TrainingPlan;
import org.sparklstm.train.TrainingState;
import org.sparklstm.train.WorkerUpdate;
import scala.Tuple2;

/**
 * For users of DL4J's Spark module: {@code new SparkDl4jMultiLayer(sc, network, master)} takes this
 * master in place of {@code ParameterAveragingTrainingMaster}. It trains a recurrent language model
 * whose state is carried from window to window. Workers are weighted by their tokens, and every
 * broadcast is destroyed.
 *
 * <p>The network is as {@link Dl4jModel#shape} requires, with plain {@code Sgd}. Each {@code
 * DataSet} is one window: features and labels [B, 1, T] of word ids, one row a lane. The windows
 * are in the order of the RDD, and each begins with the last labels of the one before. Each {@code
 * fit} is one epoch from a zero state.
 *
 * @param workers K, at most B
 * @param period H, windows between two averages
 * @param maxGradNorm global norm that each worker clips its gradient to
 * @param seed of the dropout noise
 */
public record CarriedStateTrainingMaster(int workers, int period, double maxGradNorm, long seed)
    implements TrainingMaster<TrainingResult, TrainingWorker<TrainingResult>> {
  private static final String SERIALIZER = "spark.serializer";

  /**
   * A master.
   *
   * @param workers K, at most B
   * @param period H, windows between two averages
   * @param maxGradNorm global norm that each worker clips its gradient to
   * @param seed of the dropout noise
   * @throws IllegalStateException if Spark's serializer is Kryo: {@code SparkDl4jMultiLayer}, which
   *     takes this master, would only name another setting that does not help
   */
  public CarriedStateTrainingMaster {
    SparkEnv spark = SparkEnv.get();
    if (spark != null && spark.conf().get(SERIALIZER, "").equals(KryoSerializer.class.getName())) {
      throw new IllegalStateException(
          "CarriedStateTrainingMaster needs %s = %s: Kryo cannot write Java's records"
              .formatted(SERIALIZER, JavaSerializer.class.getName()));
    }
  }

  @Override
  public void executeTraining(SparkDl4jMultiLayer network, JavaRDD<DataSet> windows) {
    MultiLayerNetwork model = network.getNetwork();
    LstmShape shape = Dl4jModel.shape(model.getLayerWiseConfigurations());
    INDArray first = windows.first().getFeatures();
    if (first == null || first.rank() != 3) {
      throw wrongShape(0, "B", "T", first);
    }
    int lanes = (int) first.size(0);
    int length = (int) first.size(2);
    LaneAssignment assignment = new LaneAssignment(lanes, workers);
    int words = shape.vocabularySize();
    JavaPairRDD<Long, int[]> rows =
        windows
            .zipWithIndex()
            .flatMapToPair(window -> rows(window._1(), window._2(), lanes, length, words));
    int count = (int) windows.count();
    TextCut cut = new TextCut(lanes * ((long) count * length + 1), lanes, length, false);
    try (ShardedLanes shards = ShardedLanes.of(rows, cut, assignment)) {
      TrainingPlan plan = plan(model, shape, shards);
      AveragingTrainer trainer =
          new AveragingTrainer(
              JavaSparkContext.fromSparkContext(windows.context()),
              assignment,
              plan,
              state(model, plan, lanes));
      trainer.epoch(shards, count, round -> model.setScore(meanScore(round.loss(), length)));
      TrainingState end = trainer.state();
      model.params().assign(Nd4j.createFromArray(Dl4jModel.toDl4j(shape, end.parameters())));
      model.setScore(meanScore(end.loss(), length));
    } finally {
      ReplicaPool.clear();
    }
  }

  /** One epoch at the network's own rate, on the fastest engine that all workers have. */
  private TrainingPlan plan(MultiLayerNetwork model, LstmShape shape, ShardedLanes shards) {
    Regularisation regularisation =
        new Regularisation(Dl4jModel.dropout(model.getLayerWiseConfigurations()));
    EngineChoice wanted = EngineChoice.of(EngineChoice.AUTO);
    return new TrainingPlan(
        shape,
        Schedule.byEpochs(1, 1, learningRate(model), 1),
        new org.sparklstm.engine.Sgd(maxGradNorm),
        regularisation,
        0,
        new AveragingPlan(
            period, period, new WorkerUpdate.Parameters(), Combine.AUTO, OuterOptimiser.AVERAGE),
        MovingAverage.NONE,
        EngineProbe.choose(wanted, shape, regularisation, choice -> 0, shards.readers()),
        seed);
  }

  private static double learningRate(MultiLayerNetwork model) {
    Set<IUpdater> updaters =
        Arrays.stream(model.getLayers())
            .map(layer -> ((BaseLayer) layer.conf().getLayer()).getIUpdater())
            .collect(Collectors.toSet());
    IUpdater updater = updaters.iterator().next();
    if (updaters.size() != 1 || !(updater instanceof Sgd sgd)) {
      throw new IllegalArgumentException(
          "Cannot train this network: its updater must be one Sgd for all layers, is " + updaters);
    }
    if (sgd.getLearningRateSchedule() != null) {
      throw new IllegalArgumentException(
          "Cannot train this network: its Sgd must have a learning rate, has the schedule "
              + sgd.getLearningRateSchedule());
    }
    return sgd.getLearningRate();
  }

  /** The network's parameters at the beginning of its next epoch. */
  private static TrainingState state(MultiLayerNetwork model, TrainingPlan plan, int lanes) {
    float[] theirs = model.params().castTo(DataType.FLOAT).dup('c').data().asFloat();
    float[] parameters = Dl4jModel.fromDl4j(plan.shape(), theirs);
    TrainingState initial = TrainingState.initial(plan, parameters, lanes);
    return new TrainingState(
        model.getEpochCount(),
        0,
        LossSum.ZERO,
        initial.trained(),
        initial.laneState(),
        initial.momenta());
  }

  /** DL4J's score: Σ over T of the mean over lanes. */
  private static double meanScore(LossSum loss, int length) {
    return loss.nats() / loss.tokens() * length;
  }

  private static Iterator<Tuple2<Long, int[]>> rows(
      DataSet window, long index, int lanes, int length, int words) {
    INDArray inputs = window.getFeatures();
    INDArray targets = window.getLabels();
    for (INDArray ids : Arrays.asList(inputs, targets)) {
      if (ids == null || !Arrays.equals(ids.shape(), new long[] {lanes, 1, length})) {
        throw wrongShape(index, lanes, length, ids);
      }
      requireWords(ids, index, words);
    }
    requireNextWords(window, index);
    return IntStream.range(0, lanes)
        .mapToObj(
            lane -> {
              int[] tokens = new int[length + 1];
              for (int t = 0; t < length; t++) {
                tokens[t] = inputs.getInt(lane, 0, t);
              }
              tokens[length] = targets.getInt(lane, 0, length - 1);
              return new Tuple2<>(ShardedLanes.key(lane, (int) index), tokens);
            })
        .iterator();
  }

  /** The label of a time step must be the feature of the next one: nothing else is trained. */
  private static void requireNextWords(DataSet window, long index) {
    if (window.getFeaturesMaskArray() != null || window.getLabelsMaskArray() != null) {
      throw new IllegalArgumentException(
          "Window %s has a mask, which CarriedStateTrainingMaster does not support"
              .formatted(index));
    }
    INDArray inputs = window.getFeatures();
    INDArray targets = window.getLabels();
    for (int lane = 0; lane < inputs.size(0); lane++) {
      for (int t = 1; t < inputs.size(2); t++) {
        if (targets.getInt(lane, 0, t - 1) != inputs.getInt(lane, 0, t)) {
          throw new IllegalArgumentException(
              "Window %s, lane %s: label %s is not the feature after it, and only next words can be labels"
                  .formatted(index, lane, t - 1));
        }
      }
    }
  }

  private static IllegalArgumentException wrongShape(
      long index, Object lanes, Object length, INDArray ids) {
    return new IllegalArgumentException(
        "Window %s must have features and labels [%s, 1, %s], has %s"
            .formatted(index, lanes, length, ids == null ? "none" : Arrays.toString(ids.shape())));
  }

  private static void requireWords(INDArray ids, long index, int words) {
    for (double id : ids.dup('c').data().asDouble()) {
      if (!(id >= 0 && id < words && id == Math.rint(id))) {
        throw new IllegalArgumentException(
            "Window %s has the word id %s: ids are whole numbers from 0 to %s"
                .formatted(index, id, words - 1));
      }
    }
  }

  @Override
  public String toJson() {
    return "{\"workers\":%s,\"period\":%s,\"maxGradNorm\":%s,\"seed\":%s}"
        .formatted(workers, period, maxGradNorm, seed);
  }

  @Override
  public String toYaml() {
    return toJson(); // JSON is YAML
  }

  private static UnsupportedOperationException unsupported(String what) {
    return new UnsupportedOperationException(
        "CarriedStateTrainingMaster does not support %s: use fit(JavaRDD<DataSet>) of a SparkDl4jMultiLayer"
            .formatted(what));
  }

  @Override
  public void executeTrainingPaths(
      SparkDl4jMultiLayer network,
      SparkComputationGraph graph,
      JavaRDD<String> paths,
      DataSetLoader loader,
      MultiDataSetLoader multiLoader) {
    throw unsupported("training from paths");
  }

  @Override
  public void executeTraining(SparkComputationGraph graph, JavaRDD<DataSet> windows) {
    throw unsupported("a ComputationGraph");
  }

  @Override
  public void executeTrainingMDS(SparkComputationGraph graph, JavaRDD<MultiDataSet> windows) {
    throw unsupported("a ComputationGraph");
  }

  @Override
  public TrainingWorker<TrainingResult> getWorkerInstance(SparkDl4jMultiLayer network) {
    throw unsupported("DL4J's workers");
  }

  @Override
  public TrainingWorker<TrainingResult> getWorkerInstance(SparkComputationGraph graph) {
    throw unsupported("a ComputationGraph");
  }

  @Override
  public void addHook(TrainingHook hook) {
    throw unsupported("hooks");
  }

  @Override
  public void removeHook(TrainingHook hook) {
    throw unsupported("hooks");
  }

  @Override
  public void setCollectTrainingStats(boolean collect) {
    if (collect) {
      throw unsupported("training statistics");
    }
  }

  @Override
  public boolean getIsCollectTrainingStats() {
    return false;
  }

  @Override
  public SparkTrainingStats getTrainingStats() {
    return null;
  }

  @Override
  public void setListeners(Collection<TrainingListener> listeners) {
    if (!listeners.isEmpty()) {
      throw unsupported("listeners");
    }
  }

  @Override
  public void setListeners(StatsStorageRouter router, Collection<TrainingListener> listeners) {
    setListeners(listeners);
  }

  @Override
  public boolean deleteTempFiles(JavaSparkContext spark) {
    return true; // there are none
  }

  @Override
  public boolean deleteTempFiles(SparkContext spark) {
    return true;
  }
}
