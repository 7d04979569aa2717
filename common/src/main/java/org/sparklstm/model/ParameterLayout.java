package org.sparklstm.model;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.SplittableRandom;

/**
 * Where each named tensor lies in the flat parameter array that crosses Spark and every file.
 * Names, shapes and gate order are those of PyTorch's {@code nn.Embedding}, {@code nn.LSTM} and
 * {@code nn.Linear}, row-major, one after the other:
 *
 * <pre>
 * embedding.weight          [V, E]
 * lstm.weight_ih_l{k}       [4·H, I]   gates input, forget, cell candidate, output
 * lstm.weight_hh_l{k}       [4·H, H]
 * lstm.bias_ih_l{k}         [4·H]      the layer's only bias: PyTorch's bias_hh_l{k} is zero
 * decoder.weight            [V, H]       absent if tied: it is embedding.weight
 * decoder.bias              [V]
 * </pre>
 *
 * H is the size of layer k, in the decoder that of the last one. I is the size of its inputs: E for
 * the first layer, H of the layer below for the others.
 */
public final class ParameterLayout {

  /**
   * One tensor of the flat array.
   *
   * @param name PyTorch's
   * @param shape its sizes, row-major
   * @param offset index of its first float
   */
  public record Tensor(String name, List<Integer> shape, int offset) {
    /** {@return the number of floats} */
    public int size() {
      return shape.stream().reduce(1, (a, b) -> a * b);
    }
  }

  private ParameterLayout() {}

  /**
   * The tensors of a network.
   *
   * @param shape of the network
   * @return them in the order of the flat array, without gaps
   */
  public static List<Tensor> of(LstmShape shape) {
    int v = shape.vocabularySize();
    List<Tensor> tensors = new ArrayList<>();
    append(tensors, "embedding.weight", List.of(v, shape.embeddingSize()));
    for (int layer = 0; layer < shape.layers(); layer++) {
      int h = shape.hiddenSize(layer);
      append(tensors, "lstm.weight_ih_l" + layer, List.of(4 * h, shape.inputSize(layer)));
      append(tensors, "lstm.weight_hh_l" + layer, List.of(4 * h, h));
      append(tensors, "lstm.bias_ih_l" + layer, List.of(4 * h));
    }
    if (!shape.tiedEmbeddings()) {
      append(tensors, "decoder.weight", List.of(v, shape.outputSize()));
    }
    append(tensors, "decoder.bias", List.of(v));
    return tensors;
  }

  private static void append(List<Tensor> tensors, String name, List<Integer> shape) {
    int offset = 0;
    if (!tensors.isEmpty()) {
      Tensor last = tensors.get(tensors.size() - 1);
      offset = last.offset() + last.size();
    }
    tensors.add(new Tensor(name, shape, offset));
  }

  /**
   * The flat parameters of {@code shape.untied()}: tied ones with the embedding in both places.
   *
   * @param shape of the network
   * @param parameters of {@code shape}
   * @return a new array, or {@code parameters} if they are not tied
   */
  public static float[] untie(LstmShape shape, float[] parameters) {
    if (!shape.tiedEmbeddings()) {
      return parameters;
    }
    int v = shape.vocabularySize();
    int matrix = v * shape.embeddingSize();
    float[] untied = Arrays.copyOf(parameters, parameters.length + matrix);
    int decoder = parameters.length - v;
    System.arraycopy(parameters, 0, untied, decoder, matrix);
    System.arraycopy(parameters, decoder, untied, decoder + matrix, v);
    return untied;
  }

  /**
   * The flat parameters of {@code shape} from those of {@code shape.untied()}. It takes the
   * embedding's matrix and leaves the softmax layer's out.
   *
   * @param shape of the network
   * @param untied parameters of {@code shape.untied()}
   * @return a new array, or {@code untied} if the network is not tied
   */
  public static float[] tie(LstmShape shape, float[] untied) {
    if (!shape.tiedEmbeddings()) {
      return untied;
    }
    float[] parameters = Arrays.copyOf(untied, shape.parameterCount());
    int v = shape.vocabularySize();
    System.arraycopy(untied, untied.length - v, parameters, parameters.length - v, v);
    return parameters;
  }

  /**
   * Initial parameters: uniform in [−{@code scale}, {@code scale}), LSTM biases zero. The same seed
   * gives the same bytes everywhere.
   *
   * @param shape of the network
   * @param scale greater than 0
   * @param seed of {@link SplittableRandom}
   * @return a new array [parameterCount]
   */
  public static float[] initialise(LstmShape shape, float scale, long seed) {
    SplittableRandom random = new SplittableRandom(seed);
    float[] parameters = new float[shape.parameterCount()];
    for (Tensor tensor : of(shape)) {
      if (tensor.name().startsWith("lstm.bias")) {
        continue;
      }
      int end = tensor.offset() + tensor.size();
      for (int i = tensor.offset(); i < end; i++) {
        parameters[i] = (float) ((2 * random.nextDouble() - 1) * scale);
      }
    }
    return parameters;
  }
}
