package org.sparklstm.engine.dl4j;

import java.io.IOException;
import java.io.OutputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.LocalDateTime;
import java.util.ArrayList;
import java.util.List;
import java.util.zip.ZipEntry;
import java.util.zip.ZipInputStream;
import java.util.zip.ZipOutputStream;
import org.deeplearning4j.nn.conf.BackpropType;
import org.deeplearning4j.nn.conf.MultiLayerConfiguration;
import org.deeplearning4j.nn.conf.NeuralNetConfiguration;
import org.deeplearning4j.nn.conf.RNNFormat;
import org.deeplearning4j.nn.conf.dropout.IDropout;
import org.deeplearning4j.nn.conf.layers.EmbeddingSequenceLayer;
import org.deeplearning4j.nn.conf.layers.LSTM;
import org.deeplearning4j.nn.conf.layers.Layer;
import org.deeplearning4j.nn.conf.layers.RnnOutputLayer;
import org.deeplearning4j.nn.multilayer.MultiLayerNetwork;
import org.deeplearning4j.nn.weights.WeightInit;
import org.deeplearning4j.util.ModelSerializer;
import org.nd4j.linalg.activations.Activation;
import org.nd4j.linalg.activations.impl.ActivationIdentity;
import org.nd4j.linalg.activations.impl.ActivationSigmoid;
import org.nd4j.linalg.activations.impl.ActivationSoftmax;
import org.nd4j.linalg.activations.impl.ActivationTanH;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.factory.Nd4j;
import org.nd4j.linalg.learning.config.Sgd;
import org.nd4j.linalg.lossfunctions.impl.LossSparseMCXENT;
import org.sparklstm.engine.Dropout;
import org.sparklstm.model.LstmShape;
import org.sparklstm.model.ParameterLayout;

/**
 * The model as a DL4J network: its configuration, the way between the flat layouts, and the zip
 * that DL4J alone restores.
 *
 * <p>DL4J's flat array holds the same tensors in the same order, with two differences: the
 * embedding stands transposed, [E, V], and the LSTM's gates are in the order cell candidate,
 * forget, output, input.
 */
public final class Dl4jModel {
  /** For each of DL4J's gates, its place among PyTorch's input, forget, candidate, output. */
  private static final int[] GATES = {2, 1, 3, 0};

  private Dl4jModel() {}

  /**
   * The network with DL4J's own dropout, as other DL4J programs train it on.
   *
   * @param dropout of activations, which DL4J draws for each time step; it has no other kind
   */
  public static MultiLayerConfiguration configuration(LstmShape shape, Dropout dropout) {
    return configuration(shape, DataType.FLOAT, dropout);
  }

  static MultiLayerConfiguration configuration(LstmShape shape, DataType type, Dropout dropout) {
    NeuralNetConfiguration.ListBuilder layers =
        new NeuralNetConfiguration.Builder()
            .dataType(type)
            .seed(0) // else the configuration holds the time of day
            .updater(new Sgd(1.0))
            .weightInit(WeightInit.ZERO)
            .list()
            .layer(
                new EmbeddingSequenceLayer.Builder()
                    .nIn(shape.vocabularySize())
                    .nOut(shape.embeddingSize())
                    .activation(Activation.IDENTITY)
                    .build());
    for (int layer = 0; layer < shape.layers(); layer++) {
      layers.layer(
          new LSTM.Builder()
              .nIn(shape.inputSize(layer))
              .nOut(shape.hiddenSize(layer))
              .activation(Activation.TANH)
              .gateActivationFunction(Activation.SIGMOID)
              .forgetGateBiasInit(0)
              .dropOut(inputDropout(shape, dropout, layer))
              .build());
    }
    return layers
        .layer(
            new RnnOutputLayer.Builder(new LossSparseMCXENT())
                .nIn(shape.outputSize())
                .nOut(shape.vocabularySize())
                .activation(Activation.SOFTMAX)
                .dataFormat(RNNFormat.NCW)
                .dropOut(inputDropout(shape, dropout, shape.layers()))
                .build())
        .backpropType(BackpropType.TruncatedBPTT)
        .build();
  }

  private static IDropout inputDropout(LstmShape shape, Dropout dropout, int layer) {
    float keepProbability = dropout.keepProbability(layer, shape.layers());
    return keepProbability < 1
        ? new org.deeplearning4j.nn.conf.dropout.Dropout(keepProbability)
        : null;
  }

  /**
   * The shape of a DL4J network of this kind.
   *
   * @throws IllegalArgumentException naming what is different
   */
  public static LstmShape shape(MultiLayerConfiguration configuration) {
    List<Layer> layers =
        configuration.getConfs().stream().map(NeuralNetConfiguration::getLayer).toList();
    int last = layers.size() - 1;
    require(
        last >= 2
            && layers.get(0) instanceof EmbeddingSequenceLayer
            && layers.get(last) instanceof RnnOutputLayer,
        "must be EmbeddingSequenceLayer, LSTM layers and RnnOutputLayer");
    EmbeddingSequenceLayer embedding = (EmbeddingSequenceLayer) layers.get(0);
    require(
        embedding.getActivationFn() instanceof ActivationIdentity
            && !embedding.hasBias()
            && keepProbability(embedding) == 1,
        "must embed words without activation, bias and dropout");
    RnnOutputLayer output = (RnnOutputLayer) layers.get(last);
    require(
        output.getLossFn() instanceof LossSparseMCXENT
            && output.getActivationFn() instanceof ActivationSoftmax
            && output.hasBias(),
        "must end in softmax with bias and LossSparseMCXENT");
    List<Integer> hiddenSizes = new ArrayList<>();
    long inputSize = embedding.getNOut();
    for (int i = 1; i < last; i++) {
      Layer layer = layers.get(i);
      require(
          layer instanceof LSTM lstm
              && lstm.getNIn() == inputSize
              && lstm.getActivationFn() instanceof ActivationTanH
              && lstm.getGateActivationFn() instanceof ActivationSigmoid,
          "must have LSTM layers with tanh and sigmoid gates, each as wide as the inputs of the next");
      inputSize = ((LSTM) layer).getNOut();
      hiddenSizes.add((int) inputSize);
      require(
          keepProbability(layer) == keepProbability(layers.get(Math.min(i, 2))),
          "must have the same dropout between its LSTM layers");
    }
    require(output.getNIn() == inputSize, "must end in softmax of the last layer's outputs");
    keepProbability(output);
    return new LstmShape((int) output.getNOut(), (int) embedding.getNOut(), hiddenSizes, false);
  }

  /** The dropout of a network that {@link #shape} accepts. */
  public static Dropout dropout(MultiLayerConfiguration configuration) {
    List<NeuralNetConfiguration> layers = configuration.getConfs();
    return new Dropout(
        keepProbability(layers.get(1).getLayer()),
        keepProbability(layers.get(2).getLayer()), // the output layer's if there is one LSTM layer
        keepProbability(layers.get(layers.size() - 1).getLayer()),
        Dropout.Mode.PER_STEP,
        1,
        1);
  }

  /** Of a layer's inputs. */
  private static float keepProbability(Layer layer) {
    if (layer.getIDropout() == null) {
      return 1;
    }
    if (layer.getIDropout() instanceof org.deeplearning4j.nn.conf.dropout.Dropout plain) {
      return (float) plain.getP();
    }
    throw refusal("must have no other dropout than the plain one");
  }

  private static void require(boolean holds, String rule) {
    if (!holds) {
      throw refusal(rule);
    }
  }

  private static IllegalArgumentException refusal(String rule) {
    return new IllegalArgumentException("Cannot train this network: it " + rule);
  }

  /** DL4J's flat parameters (or gradient) from ours. */
  public static float[] toDl4j(LstmShape shape, float[] ours) {
    float[] theirs = new float[ours.length];
    permute(shape, ours, theirs, true);
    return theirs;
  }

  /** Our flat parameters (or gradient) from DL4J's. */
  public static float[] fromDl4j(LstmShape shape, float[] theirs) {
    float[] ours = new float[theirs.length];
    permute(shape, theirs, ours, false);
    return ours;
  }

  private static void permute(LstmShape shape, float[] from, float[] to, boolean forward) {
    if (from.length != shape.parameterCount()) {
      throw new IllegalArgumentException(
          "%s has %s parameters, not %s".formatted(shape, shape.parameterCount(), from.length));
    }
    int v = shape.vocabularySize();
    int e = shape.embeddingSize();
    for (ParameterLayout.Tensor tensor : ParameterLayout.of(shape)) {
      int offset = tensor.offset();
      if (tensor.name().startsWith("embedding")) {
        for (int word = 0; word < v; word++) {
          for (int unit = 0; unit < e; unit++) {
            int row = offset + word * e + unit;
            int column = offset + unit * v + word;
            to[forward ? column : row] = from[forward ? row : column];
          }
        }
      } else if (tensor.name().startsWith("lstm")) {
        int gate = tensor.size() / GATES.length;
        for (int theirs = 0; theirs < GATES.length; theirs++) {
          int ours = GATES[theirs];
          System.arraycopy(
              from,
              offset + gate * (forward ? ours : theirs),
              to,
              offset + gate * (forward ? theirs : ours),
              gate);
        }
      } else {
        System.arraycopy(from, offset, to, offset, tensor.size());
      }
    }
  }

  /**
   * Writes the zip that {@code ModelSerializer.restoreMultiLayerNetwork} reads. The same parameters
   * give the same bytes. The stream stays open.
   */
  public static void writeZip(
      LstmShape shape, Dropout dropout, float[] parameters, OutputStream out) throws IOException {
    Path dated = Files.createTempFile("dl4j", ".zip"); // large: not in the heap
    try {
      MultiLayerNetwork network = new MultiLayerNetwork(configuration(shape, dropout));
      try {
        network.init();
        network.params().assign(Nd4j.createFromArray(toDl4j(shape, parameters)));
        ModelSerializer.writeModel(network, dated.toFile(), false);
      } finally {
        network.close();
      }
      copyUndated(dated, out);
    } finally {
      Files.delete(dated);
    }
  }

  /** DL4J stamps the entries of a zip with the time of day: copies them with a fixed one. */
  private static void copyUndated(Path dated, OutputStream out) throws IOException {
    ZipOutputStream undated = new ZipOutputStream(out);
    try (ZipInputStream entries = new ZipInputStream(Files.newInputStream(dated))) {
      for (ZipEntry entry = entries.getNextEntry(); entry != null; entry = entries.getNextEntry()) {
        ZipEntry copy = new ZipEntry(entry.getName());
        copy.setTimeLocal(
            LocalDateTime.of(1980, 2, 1, 0, 0)); // ZipEntry takes January 1 for "before"
        undated.putNextEntry(copy);
        entries.transferTo(undated);
        undated.closeEntry();
      }
    }
    undated.finish();
  }
}
