package org.sparklstm.engine.dl4j;

import java.util.Arrays;
import java.util.Map;
import org.deeplearning4j.nn.api.Layer;
import org.deeplearning4j.nn.api.layers.IOutputLayer;
import org.deeplearning4j.nn.api.layers.RecurrentLayer;
import org.deeplearning4j.nn.multilayer.MultiLayerNetwork;
import org.deeplearning4j.nn.workspace.ArrayType;
import org.deeplearning4j.nn.workspace.LayerWorkspaceMgr;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.memory.MemoryWorkspace;
import org.nd4j.linalg.api.memory.conf.WorkspaceConfiguration;
import org.nd4j.linalg.api.memory.enums.AllocationPolicy;
import org.nd4j.linalg.api.memory.enums.LearningPolicy;
import org.nd4j.linalg.api.memory.enums.ResetPolicy;
import org.nd4j.linalg.api.memory.enums.SpillPolicy;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.factory.Nd4j;
import org.nd4j.linalg.indexing.NDArrayIndex;
import org.nd4j.nativeblas.NativeOpsHolder;
import org.sparklstm.engine.Dropout;
import org.sparklstm.engine.LossSum;
import org.sparklstm.engine.Optimiser;
import org.sparklstm.engine.Regularisation;
import org.sparklstm.engine.Replica;
import org.sparklstm.engine.Sgd;
import org.sparklstm.model.LstmShape;
import org.sparklstm.text.Window;

/** The reference engine: DL4J's network, trained through its public API with carried state. */
final class Dl4jReplica implements Replica {
  // What a step computes lives in workspaces, which are reused: left to the garbage collector,
  // native memory grows by gigabytes and each collection stops the JVM.
  private static final WorkspaceConfiguration STEP_MEMORY =
      WorkspaceConfiguration.builder()
          .initialSize(0)
          .overallocationLimit(0.1)
          .policyLearning(LearningPolicy.FIRST_LOOP)
          .policyReset(ResetPolicy.BLOCK_LEFT)
          .policySpill(SpillPolicy.REALLOCATE)
          .policyAllocation(AllocationPolicy.OVERALLOCATE)
          .build();
  private static final LayerWorkspaceMgr WORKSPACES =
      LayerWorkspaceMgr.builder()
          .defaultWorkspace("STEP", STEP_MEMORY)
          .with(ArrayType.RNN_FF_LOOP_WORKING_MEM, "FORWARD_LOOP", STEP_MEMORY)
          .with(ArrayType.RNN_BP_LOOP_WORKING_MEM, "BACKWARD_LOOP", STEP_MEMORY)
          .build();

  private static final String HIDDEN = "prevAct";
  private static final String CELL = "prevMem";

  private final LstmShape shape;
  private final int lanes;
  private final DataType type;
  private final MultiLayerNetwork network;
  private float[] optimiserState = {};

  /**
   * A replica, all zeros.
   *
   * @param lanes B, the lanes of every window
   */
  Dl4jReplica(LstmShape shape, int lanes, DataType type) {
    if (shape.tiedEmbeddings()) {
      throw new IllegalArgumentException("DL4J has no tied embeddings");
    }
    this.shape = shape;
    this.lanes = lanes;
    this.type = type;
    this.network = new MultiLayerNetwork(Dl4jModel.configuration(shape, type, Dropout.NONE));
    network.init();
    network.initGradientsView();
    setLaneState(new float[lanes * shape.laneStateSize()]);
  }

  /**
   * OpenMP's number of threads is the calling thread's own. DL4J's small products take several
   * times as long on two threads as on one.
   *
   * @param threads 1
   */
  @Override
  public void useThreads(int threads) {
    if (threads != 1) {
      throw new IllegalArgumentException("DL4J computes with 1 thread, not " + threads);
    }
    Nd4j.getEnvironment().setMaxThreads(1);
    Nd4j.getEnvironment().setMaxMasterThreads(1);
    NativeOpsHolder.getInstance().getDeviceNativeOps().setOmpNumThreads(1);
    Nd4j.factory().blas().setMaxThreads(1);
  }

  @Override
  public void setParameters(float[] parameters) {
    network.params().assign(Nd4j.createFromArray(Dl4jModel.toDl4j(shape, parameters)));
  }

  @Override
  public float[] parameters() {
    return Dl4jModel.fromDl4j(shape, floats(network.params()));
  }

  @Override
  public int lanes() {
    return lanes;
  }

  @Override
  public void setLaneState(float[] state) {
    INDArray all =
        Nd4j.createFromArray(state).reshape('c', lanes, shape.laneStateSize()).castTo(type);
    for (int layer = 0; layer < shape.layers(); layer++) {
      Map<String, INDArray> layerState =
          Map.of(HIDDEN, state(all, layer, 0).dup('f'), CELL, state(all, layer, 1).dup('f'));
      network.rnnSetPreviousState(layer + 1, layerState);
      recurrent(layer).rnnSetTBPTTState(layerState);
    }
  }

  /** A view of the hidden (0) or cell (1) state of a layer, [B, H], in all of them [B, S]. */
  private INDArray state(INDArray all, int layer, int part) {
    int h = shape.hiddenSize(layer);
    int start = shape.stateOffset(layer) + part * h;
    return all.get(NDArrayIndex.all(), NDArrayIndex.interval(start, start + h));
  }

  @Override
  public float[] laneState() {
    INDArray all = Nd4j.create(type, lanes, shape.laneStateSize());
    for (int layer = 0; layer < shape.layers(); layer++) {
      Map<String, INDArray> layerState = network.rnnGetPreviousState(layer + 1);
      state(all, layer, 0).assign(layerState.get(HIDDEN));
      state(all, layer, 1).assign(layerState.get(CELL));
    }
    return floats(all);
  }

  /** The LSTM layer {@code layer}; DL4J's layer 0 is the embedding. */
  private RecurrentLayer recurrent(int layer) {
    return (RecurrentLayer) network.getLayer(layer + 1);
  }

  @Override
  public void setOptimiserState(float[] state) {
    optimiserState = state.clone();
  }

  @Override
  public float[] optimiserState() {
    return optimiserState.clone();
  }

  @Override
  public LossSum backpropagate(Window window, Regularisation regularisation, long noiseSeed) {
    Dropout dropout = regularisation.dropout();
    if (dropout.dropsWeights()
        || dropout.dropsWords()
        || regularisation.penalises()
        || regularisation.samples()) {
      throw new IllegalArgumentException("DL4J has dropout of activations only");
    }
    for (int layer = 0; layer <= shape.layers(); layer++) {
      network
          .getLayer(layer + 1)
          .conf()
          .getLayer()
          .setIDropout(
              dropout.keepProbability(layer, shape.layers()) < 1
                  ? new LaneDropout(dropout, layer, shape.layers(), window, noiseSeed)
                  : null);
    }
    try (MemoryWorkspace step = WORKSPACES.notifyScopeEntered(ArrayType.ACTIVATIONS)) {
      return forwardAndBack(window);
    }
  }

  private LossSum forwardAndBack(Window window) {
    INDArray activations = forward(window.inputs(), true);
    IOutputLayer output = (IOutputLayer) network.getOutputLayer();
    output.setInput(activations.dup(), WORKSPACES); // dropout of one lane works in place
    output.setLabels(sequence(window.targets(), window.length()));
    // MultiLayerNetwork.computeGradientAndScore of DL4J 1.0.0-M2.1 goes back through the recurrent
    // layers from a zero state, whatever the forward pass began with; tbpttBackpropGradient does
    // not.
    INDArray epsilon = output.backpropGradient(null, WORKSPACES).getSecond();
    for (int layer = shape.layers() - 1; layer >= 0; layer--) {
      epsilon =
          recurrent(layer).tbpttBackpropGradient(epsilon, window.length(), WORKSPACES).getSecond();
    }
    network.getLayer(0).backpropGradient(epsilon, WORKSPACES);
    network.updateRnnStateWithTBPTTState();
    // DL4J's gradient is the sum over lanes, its score the mean over them.
    network.getFlattenedGradients().divi(lanes);
    output.setInput(activations, WORKSPACES); // or the score would leave the output's dropout out
    double score = output.computeScore(0, true, WORKSPACES);
    return new LossSum(score * lanes, (long) lanes * window.length());
  }

  /**
   * The last LSTM layer's activations [B, H, T].
   *
   * @param inputs [T, B]
   */
  private INDArray forward(int[] inputs, boolean training) {
    Layer embedding = network.getLayer(0);
    embedding.setInput(sequence(inputs, inputs.length / lanes), WORKSPACES);
    INDArray activations = embedding.activate(training, WORKSPACES);
    for (int layer = 0; layer < shape.layers(); layer++) {
      activations =
          recurrent(layer).rnnActivateUsingStoredState(activations, training, true, WORKSPACES);
    }
    return activations;
  }

  /** Word ids [T, B] as DL4J's [B, 1, T]. */
  private INDArray sequence(int[] ids, int length) {
    float[] values = new float[ids.length];
    for (int i = 0; i < ids.length; i++) {
      values[i] = ids[i];
    }
    return Nd4j.createFromArray(values)
        .reshape('c', length, lanes)
        .transpose()
        .dup('c')
        .reshape('c', lanes, 1, length)
        .castTo(type);
  }

  @Override
  public float[] gradient() {
    return Dl4jModel.fromDl4j(shape, floats(network.getFlattenedGradients()));
  }

  @Override
  public double step(Optimiser optimiser, double rate) {
    if (!(optimiser instanceof Sgd sgd)) {
      return Replica.super.step(optimiser, rate);
    }
    INDArray gradient = network.getFlattenedGradients();
    double norm = Replica.norm(floats(gradient)); // norm2Number sums in float: 2e-4 off
    if (Double.isFinite(norm)) {
      INDArray step = gradient.muli(sgd.scale(rate, norm));
      if (sgd.weightDecay() > 0) {
        network.params().subi(network.params().mul(sgd.decay(rate)));
      }
      network.params().subi(step.reshape(network.params().shape()));
    }
    return norm;
  }

  @Override
  public LossSum evaluate(Window window) {
    double nats = 0;
    for (double targetNats : score(window)) {
      nats += targetNats;
    }
    return new LossSum(nats, (long) lanes * window.length());
  }

  @Override
  public double[] score(Window window) {
    int[] targets = window.targets();
    double[] nats = new double[targets.length];
    predict(
        window.inputs(), (row, logProbabilities) -> nats[row] = -logProbabilities[targets[row]]);
    return nats;
  }

  @Override
  public float[] next(int[] words) {
    int v = shape.vocabularySize();
    float[] next = new float[Math.multiplyExact(lanes, v)];
    predict(
        words,
        (row, logProbabilities) -> {
          for (int word = 0; word < v; word++) {
            next[row * v + word] = (float) logProbabilities[word];
          }
        });
    return next;
  }

  /** Takes the prediction after one input. */
  private interface Taker {
    /**
     * @param row t · B + b
     * @param logProbabilities [V]
     */
    void take(int row, double[] logProbabilities);
  }

  /** Runs forward without dropout and carries the lane state. */
  private void predict(int[] inputs, Taker taker) {
    try (MemoryWorkspace step = WORKSPACES.notifyScopeEntered(ArrayType.ACTIVATIONS)) {
      INDArray activations = forward(inputs, false);
      Layer output = network.getOutputLayer();
      for (int t = 0; t < inputs.length / lanes; t++) {
        INDArray logits = // [B, V]
            activations
                .tensorAlongDimension(t, 0, 1)
                .mmul(output.getParam("W"))
                .addiRowVector(output.getParam("b"));
        for (int b = 0; b < lanes; b++) {
          taker.take(t * lanes + b, logSoftmax(logits.getRow(b).toDoubleVector()));
        }
      }
      network.updateRnnStateWithTBPTTState();
    }
  }

  /** ln p from logits, computed in place: softmax itself would round a small p to 0. */
  private static double[] logSoftmax(double[] logits) {
    double largest = Arrays.stream(logits).max().orElseThrow();
    double sum = 0;
    for (double logit : logits) {
      sum += Math.exp(logit - largest);
    }
    double normaliser = largest + Math.log(sum);
    for (int word = 0; word < logits.length; word++) {
      logits[word] -= normaliser;
    }
    return logits;
  }

  private static float[] floats(INDArray array) {
    return array.castTo(DataType.FLOAT).dup('c').data().asFloat();
  }

  @Override
  public void close() {
    network.close();
  }
}
