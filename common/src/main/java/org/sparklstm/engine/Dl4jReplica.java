package org.sparklstm.engine;

import java.util.Map;
import java.util.concurrent.atomic.AtomicInteger;
import org.deeplearning4j.nn.api.Layer;
import org.deeplearning4j.nn.api.layers.IOutputLayer;
import org.deeplearning4j.nn.api.layers.RecurrentLayer;
import org.deeplearning4j.nn.conf.layers.BaseLayer;
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
import org.nd4j.nativeblas.NativeOpsHolder;
import org.sparklstm.model.Dl4jModel;
import org.sparklstm.model.LstmSpec;
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

  private final LstmSpec spec;
  private final int lanes;
  private final DataType type;
  private final MultiLayerNetwork network;

  /**
   * @param lanes B, the lanes of every window
   */
  Dl4jReplica(LstmSpec spec, int lanes) {
    this(spec, lanes, DataType.FLOAT);
  }

  Dl4jReplica(LstmSpec spec, int lanes, DataType type) {
    if (spec.tiedEmbeddings()) {
      throw new IllegalArgumentException("DL4J has no tied embeddings");
    }
    this.spec = spec;
    this.lanes = lanes;
    this.type = type;
    AtomicInteger layer = new AtomicInteger();
    this.network =
        new MultiLayerNetwork(
            Dl4jModel.configuration(
                spec,
                type,
                () ->
                    spec.keepProbability() < 1
                        ? new LaneDropout(spec, layer.getAndIncrement())
                        : null));
    network.init();
    network.initGradientsView();
    setLaneState(new float[lanes * spec.laneStateSize()]);
  }

  @Override
  public void setParameters(float[] parameters) {
    useOneThread();
    network.params().assign(Nd4j.createFromArray(Dl4jModel.toDl4j(spec, parameters)));
  }

  /**
   * One thread a replica: the cluster runs one on each core, and DL4J's small products run several
   * times slower on two threads than on one. OpenMP's count is the calling thread's own, so each
   * task sets it.
   */
  private static void useOneThread() {
    Nd4j.getEnvironment().setMaxThreads(1);
    Nd4j.getEnvironment().setMaxMasterThreads(1);
    NativeOpsHolder.getInstance().getDeviceNativeOps().setOmpNumThreads(1);
    Nd4j.factory().blas().setMaxThreads(1);
  }

  @Override
  public float[] parameters() {
    return Dl4jModel.fromDl4j(spec, floats(network.params()));
  }

  @Override
  public void setLaneState(float[] state) {
    INDArray all =
        Nd4j.createFromArray(state)
            .reshape('c', lanes, spec.layers(), 2, spec.hiddenSize())
            .castTo(type);
    for (int layer = 0; layer < spec.layers(); layer++) {
      Map<String, INDArray> layerState =
          Map.of(HIDDEN, state(all, layer, 0), CELL, state(all, layer, 1));
      network.rnnSetPreviousState(layer + 1, layerState);
      recurrent(layer).rnnSetTBPTTState(layerState);
    }
  }

  /** [B, H] hidden (0) or cell (1) state of a layer. */
  private static INDArray state(INDArray all, int layer, int part) {
    return all.slice(layer, 1).slice(part, 1).dup('f');
  }

  @Override
  public float[] laneState() {
    INDArray all = Nd4j.create(type, lanes, spec.layers(), 2, spec.hiddenSize());
    for (int layer = 0; layer < spec.layers(); layer++) {
      Map<String, INDArray> layerState = network.rnnGetPreviousState(layer + 1);
      all.slice(layer, 1).slice(0, 1).assign(layerState.get(HIDDEN));
      all.slice(layer, 1).slice(1, 1).assign(layerState.get(CELL));
    }
    return floats(all);
  }

  /** The LSTM layer {@code layer}; DL4J's layer 0 is the embedding. */
  private RecurrentLayer recurrent(int layer) {
    return (RecurrentLayer) network.getLayer(layer + 1);
  }

  @Override
  public LossSum backpropagate(Window window, long noiseSeed) {
    try (MemoryWorkspace step = WORKSPACES.notifyScopeEntered(ArrayType.ACTIVATIONS)) {
      return forwardAndBack(window, noiseSeed);
    }
  }

  private LossSum forwardAndBack(Window window, long noiseSeed) {
    for (int layer = 0; layer <= spec.layers(); layer++) {
      BaseLayer configuration = (BaseLayer) network.getLayer(layer + 1).conf().getLayer();
      if (configuration.getIDropout() instanceof LaneDropout dropout) {
        dropout.draw(window, noiseSeed);
      }
    }
    INDArray activations = forward(window, true);
    IOutputLayer output = (IOutputLayer) network.getOutputLayer();
    output.setInput(activations.dup(), WORKSPACES); // dropout of one lane works in place
    output.setLabels(sequence(window.targets(), window.length()));
    // MultiLayerNetwork.computeGradientAndScore of DL4J 1.0.0-M2.1 goes back through the recurrent
    // layers from a zero state, whatever the forward pass began with; tbpttBackpropGradient does
    // not.
    INDArray epsilon = output.backpropGradient(null, WORKSPACES).getSecond();
    for (int layer = spec.layers() - 1; layer >= 0; layer--) {
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

  /** The last LSTM layer's activations [B, H, T]. */
  private INDArray forward(Window window, boolean training) {
    Layer embedding = network.getLayer(0);
    embedding.setInput(sequence(window.inputs(), window.length()), WORKSPACES);
    INDArray activations = embedding.activate(training, WORKSPACES);
    for (int layer = 0; layer < spec.layers(); layer++) {
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
    return Dl4jModel.fromDl4j(spec, floats(network.getFlattenedGradients()));
  }

  @Override
  public double step(double rate, double maxGradNorm) {
    INDArray gradient = network.getFlattenedGradients();
    double norm = Replica.norm(floats(gradient)); // norm2Number sums in float: 2e-4 off
    double scale = rate * Math.min(1, maxGradNorm / norm);
    if (Double.isFinite(norm)) {
      network.params().subi(gradient.muli(scale).reshape(network.params().shape()));
    }
    return norm;
  }

  @Override
  public LossSum evaluate(Window window) {
    try (MemoryWorkspace step = WORKSPACES.notifyScopeEntered(ArrayType.ACTIVATIONS)) {
      return forwardOnly(window);
    }
  }

  private LossSum forwardOnly(Window window) {
    INDArray probabilities = // [B, V, T]
        network.getOutputLayer().activate(forward(window, false), false, WORKSPACES);
    network.updateRnnStateWithTBPTTState();
    double nats = 0;
    for (int t = 0; t < window.length(); t++) {
      for (int b = 0; b < lanes; b++) {
        nats -= Math.log(probabilities.getDouble(b, window.targets()[t * lanes + b], t));
      }
    }
    return new LossSum(nats, (long) lanes * window.length());
  }

  private static float[] floats(INDArray array) {
    return array.castTo(DataType.FLOAT).dup('c').data().asFloat();
  }

  @Override
  public void close() {
    network.close();
  }
}
