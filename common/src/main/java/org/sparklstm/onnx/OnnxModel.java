package org.sparklstm.onnx;

import java.io.IOException;
import java.io.OutputStream;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import onnx.Onnx.AttributeProto;
import onnx.Onnx.GraphProto;
import onnx.Onnx.ModelProto;
import onnx.Onnx.NodeProto;
import onnx.Onnx.OperatorSetIdProto;
import onnx.Onnx.StringStringEntryProto;
import onnx.Onnx.TensorProto;
import onnx.Onnx.TensorShapeProto;
import onnx.Onnx.TypeProto;
import onnx.Onnx.ValueInfoProto;
import org.nd4j.shade.protobuf.ByteString;
import org.sparklstm.model.LstmShape;
import org.sparklstm.model.ParameterLayout;
import org.sparklstm.text.Vocabulary;

/**
 * Writes a model as an ONNX file: one graph for windows of any length T and any number of lanes B,
 * so also for a single step.
 *
 * <pre>
 * ids                [T, B]     int64, word ids
 * h, c               [L, B, H]  float, the state before: hidden and cell
 * log_probabilities  [T, B, V]  float, ln p of each word to come next
 * h_out, c_out       [L, B, H]  float, the state after
 * </pre>
 *
 * The state of layers that differ in size is [1, B, ΣH], one layer after the other. The metadata
 * hold the words in id order, one a line, as {@code vocabulary}, and JSON that says how the model
 * was trained, as {@code config}.
 */
public final class OnnxModel {
  /** Of ONNX 1.12, which has all that is needed here. */
  private static final int OPERATORS = 17;

  private static final int IR = 8;

  /** A message of protobuf has less than 2 GiB. */
  private static final long MOST_BYTES = Integer.MAX_VALUE - (64L << 20);

  /** Where ONNX's gates i, o, f, c stand in ours: i, f, c, o. */
  private static final int[] GATES = {0, 3, 1, 2};

  /**
   * Where a model comes from.
   *
   * @param version of this program
   * @param config what the model is and how it was trained, as JSON
   */
  public record Provenance(String version, String config) {}

  private final LstmShape shape;
  private final float[] parameters;
  private final Map<String, ParameterLayout.Tensor> tensors = new HashMap<>();
  private final GraphProto.Builder graph = GraphProto.newBuilder().setName("lstm_language_model");

  private OnnxModel(LstmShape shape, float[] parameters) {
    this.shape = shape;
    this.parameters = parameters;
    ParameterLayout.of(shape).forEach(tensor -> tensors.put(tensor.name(), tensor));
  }

  /**
   * Writes a model; the stream stays open.
   *
   * @param parameters flat, see {@link ParameterLayout}
   * @throws IllegalArgumentException if the file would have 2 GiB or more
   */
  public static void write(
      LstmShape shape,
      float[] parameters,
      Vocabulary vocabulary,
      Provenance provenance,
      OutputStream out)
      throws IOException {
    if ((long) Float.BYTES * shape.parameterCount() > MOST_BYTES) {
      throw new IllegalArgumentException(
          "ONNX files have less than 2 GiB, and this model has %s parameters of 4 bytes"
              .formatted(shape.parameterCount()));
    }
    ModelProto.newBuilder()
        .setIrVersion(IR)
        .setProducerName("spark-lstm")
        .addOpsetImport(OperatorSetIdProto.newBuilder().setVersion(OPERATORS))
        .setProducerVersion(provenance.version())
        .addMetadataProps(metadata("vocabulary", String.join("\n", vocabulary.words())))
        .addMetadataProps(metadata("config", provenance.config()))
        .setGraph(new OnnxModel(shape, parameters).graph())
        .build()
        .writeTo(out);
  }

  private static StringStringEntryProto metadata(String key, String value) {
    return StringStringEntryProto.newBuilder().setKey(key).setValue(value).build();
  }

  private GraphProto graph() {
    boolean oneSize = shape.isOfOneSize();
    int axis = oneSize ? 0 : 2;
    List<Object> state =
        oneSize
            ? List.of(shape.layers(), "lanes", shape.hiddenSize(0))
            : List.of(1, "lanes", shape.laneStateSize() / 2);
    graph.addInput(value("ids", TensorProto.DataType.INT64, List.of("time", "lanes")));
    graph.addInput(value("h", TensorProto.DataType.FLOAT, state));
    graph.addInput(value("c", TensorProto.DataType.FLOAT, state));
    addTensor("embedding.weight");
    addNode("Gather", List.of("embedding.weight", "ids"), List.of("x_0"));
    addInts(
        "state_sizes",
        shape.hiddenSizes().stream().mapToLong(size -> oneSize ? 1 : size).toArray());
    addNode("Split", List.of("h", "state_sizes"), names("h_"), attribute("axis", axis));
    addNode("Split", List.of("c", "state_sizes"), names("c_"), attribute("axis", axis));
    addInts("one", 1);
    for (int layer = 0; layer < shape.layers(); layer++) {
      addLayer(layer);
    }
    addNode("Concat", names("h_out_"), List.of("h_out"), attribute("axis", axis));
    addNode("Concat", names("c_out_"), List.of("c_out"), attribute("axis", axis));
    addSoftmax("x_" + shape.layers());
    graph.addOutput(
        value(
            "log_probabilities",
            TensorProto.DataType.FLOAT,
            List.of("time", "lanes", shape.vocabularySize())));
    graph.addOutput(value("h_out", TensorProto.DataType.FLOAT, state));
    graph.addOutput(value("c_out", TensorProto.DataType.FLOAT, state));
    return graph.build();
  }

  /** A name for each layer. */
  private List<String> names(String prefix) {
    List<String> names = new ArrayList<>();
    for (int layer = 0; layer < shape.layers(); layer++) {
      names.add(prefix + layer);
    }
    return names;
  }

  private void addLayer(int layer) {
    int h = shape.hiddenSize(layer);
    int i = shape.inputSize(layer);
    String name = "lstm.%s_l" + layer;
    addFloats(name.formatted("W"), gates(name.formatted("weight_ih"), h * i), 1, 4 * h, i);
    addFloats(name.formatted("R"), gates(name.formatted("weight_hh"), h * h), 1, 4 * h, h);
    ByteBuffer biases = ByteBuffer.allocate(8 * h * Float.BYTES); // the second half is zero
    biases.put(gates(name.formatted("bias_ih"), h)).rewind();
    addFloats(name.formatted("B"), biases, 1, 8 * h);
    addNode(
        "LSTM",
        List.of(
            "x_" + layer,
            name.formatted("W"),
            name.formatted("R"),
            name.formatted("B"),
            "", // all sequences are as long as the window
            "h_" + layer,
            "c_" + layer),
        List.of("y_" + layer, "h_out_" + layer, "c_out_" + layer),
        attribute("hidden_size", h));
    addNode("Squeeze", List.of("y_" + layer, "one"), List.of("x_" + (layer + 1))); // one direction
  }

  private void addSoftmax(String input) {
    String weight = shape.tiedEmbeddings() ? "embedding.weight" : "decoder.weight";
    if (!shape.tiedEmbeddings()) {
      addTensor(weight);
    }
    addTensor("decoder.bias");
    addNode("Transpose", List.of(weight), List.of("decoder"));
    addNode("MatMul", List.of(input, "decoder"), List.of("product"));
    addNode("Add", List.of("product", "decoder.bias"), List.of("logits"));
    addNode("LogSoftmax", List.of("logits"), List.of("log_probabilities"), attribute("axis", -1));
  }

  /** The four parts of a tensor in ONNX's order of gates. */
  private ByteBuffer gates(String name, int sizeOfGate) {
    int offset = tensors.get(name).offset();
    ByteBuffer all = ByteBuffer.allocate(4 * sizeOfGate * Float.BYTES);
    for (int gate : GATES) {
      all.put(floats(offset + gate * sizeOfGate, sizeOfGate));
    }
    return all.rewind();
  }

  private ByteBuffer floats(int offset, int size) {
    ByteBuffer bytes = ByteBuffer.allocate(size * Float.BYTES).order(ByteOrder.LITTLE_ENDIAN);
    bytes.asFloatBuffer().put(parameters, offset, size);
    return bytes;
  }

  /** Adds a tensor of the layout as it is. */
  private void addTensor(String name) {
    ParameterLayout.Tensor tensor = tensors.get(name);
    addFloats(
        name,
        floats(tensor.offset(), tensor.size()),
        tensor.shape().stream().mapToInt(Integer::intValue).toArray());
  }

  private void addFloats(String name, ByteBuffer values, int... dimensions) {
    TensorProto.Builder tensor =
        TensorProto.newBuilder()
            .setName(name)
            .setDataType(TensorProto.DataType.FLOAT_VALUE)
            .setRawData(ByteString.copyFrom(values));
    for (int dimension : dimensions) {
      tensor.addDims(dimension);
    }
    graph.addInitializer(tensor);
  }

  private void addInts(String name, long... values) {
    TensorProto.Builder tensor =
        TensorProto.newBuilder()
            .setName(name)
            .setDataType(TensorProto.DataType.INT64_VALUE)
            .addDims(values.length);
    for (long value : values) {
      tensor.addInt64Data(value);
    }
    graph.addInitializer(tensor);
  }

  private void addNode(
      String operator, List<String> inputs, List<String> outputs, AttributeProto... attributes) {
    NodeProto.Builder node =
        NodeProto.newBuilder()
            .setOpType(operator)
            .setName(operator + "_" + outputs.get(0))
            .addAllInput(inputs)
            .addAllOutput(outputs);
    for (AttributeProto attribute : attributes) {
      node.addAttribute(attribute);
    }
    graph.addNode(node);
  }

  private static AttributeProto attribute(String name, long value) {
    return AttributeProto.newBuilder()
        .setName(name)
        .setType(AttributeProto.AttributeType.INT)
        .setI(value)
        .build();
  }

  /**
   * An input or output.
   *
   * @param dimensions numbers, or names where any number will do
   */
  private static ValueInfoProto value(String name, TensorProto.DataType type, List<?> dimensions) {
    TensorShapeProto.Builder shape = TensorShapeProto.newBuilder();
    for (Object dimension : dimensions) {
      TensorShapeProto.Dimension.Builder one = TensorShapeProto.Dimension.newBuilder();
      if (dimension instanceof Integer number) {
        one.setDimValue(number);
      } else {
        one.setDimParam(dimension.toString());
      }
      shape.addDim(one);
    }
    return ValueInfoProto.newBuilder()
        .setName(name)
        .setType(
            TypeProto.newBuilder()
                .setTensorType(
                    TypeProto.Tensor.newBuilder().setElemType(type.getNumber()).setShape(shape)))
        .build();
  }
}
