package org.sparklstm.engine.torch;

import java.util.Collections;
import org.bytedeco.pytorch.ScalarTypeOptional;
import org.bytedeco.pytorch.T_TensorTensorTensor_T;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.TensorOptional;
import org.bytedeco.pytorch.TensorVector;
import org.bytedeco.pytorch.global.torch;
import org.bytedeco.pytorch.global.torch.ScalarType;
import org.sparklstm.model.LstmShape;

/** The network on a device, forward; libtorch differentiates it. */
final class TorchNetwork {
  static final Noise NO_NOISE = new Noise() {};

  private final LstmShape shape;
  private final TorchParameters parameters;
  private final Tensor noBias; // zeros, for the second bias of the largest layer

  TorchNetwork(NativeMemory memory, Tensors tensors, LstmShape shape, TorchParameters parameters) {
    this.shape = shape;
    this.parameters = parameters;
    long largest = Collections.max(shape.hiddenSizes());
    this.noBias = memory.keep(tensors.zeros(ScalarType.Float, 4 * largest));
  }

  /** What training does with tensors before they are used. */
  interface Noise {
    /** Of the embeddings [T, B, E] of words [T, B]. */
    default Tensor words(Tensor embeddings, Tensor words) {
      return embeddings;
    }

    /** Of the activations [T, B, I] that enter a layer; L is the softmax layer. */
    default Tensor activations(Tensor activations, int layer) {
      return activations;
    }

    /** Of the recurrent weights [4·H, H] of a layer. */
    default Tensor weights(Tensor weights, int layer) {
      return weights;
    }
  }

  /**
   * What a window ends in.
   *
   * @param outputs of the last layer, [T, B, H]
   * @param softmaxInputs what noise leaves of them
   * @param logProbabilities ln p of each word, [N, V]
   * @param state [B·S], see {@link #state}
   */
  record Result(Tensor outputs, Tensor softmaxInputs, Tensor logProbabilities, Tensor state) {}

  /**
   * A view of the state of a layer.
   *
   * @param all of each layer the hidden state [B, H], then the cell state [B, H]: B·S floats
   * @param part 0: the hidden state; 1: the cell state
   * @return [1, B, H]
   */
  Tensor state(Tensor all, int layer, int part) {
    long lanes = all.numel() / shape.laneStateSize();
    long h = shape.hiddenSize(layer);
    long start = lanes * (shape.stateOffset(layer) + part * h);
    return all.narrow(0, start, lanes * h).view(1, lanes, h);
  }

  /**
   * Runs a window.
   *
   * @param words [T, B]
   * @param state that it begins with, [B·S]
   * @param type of the operands of matrix products
   * @param training whether the result is to be differentiated
   */
  Result forward(Tensor words, Tensor state, Noise noise, ScalarType type, boolean training) {
    Tensor activations =
        noise.words(torch.embedding(parameters.get("embedding.weight"), words), words);
    TensorVector ends = new TensorVector();
    for (int layer = 0; layer < shape.layers(); layer++) {
      T_TensorTensorTensor_T result =
          torch.lstm(
              noise.activations(activations, layer).to(type),
              new TensorVector(state(state, layer, 0).to(type), state(state, layer, 1).to(type)),
              new TensorVector(
                  parameters.get("lstm.weight_ih_l" + layer).to(type),
                  noise.weights(parameters.get("lstm.weight_hh_l" + layer), layer).to(type),
                  parameters.get("lstm.bias_ih_l" + layer).to(type),
                  noBias.narrow(0, 0, 4L * shape.hiddenSize(layer)).to(type)),
              true,
              1,
              0,
              training,
              false,
              false);
      activations = result.get0();
      ends.push_back(result.get1().flatten()).push_back(result.get2().flatten());
    }
    Tensor softmaxInputs = noise.activations(activations, shape.layers());
    Tensor logits =
        torch.linear(
            softmaxInputs.to(type).view(-1, shape.outputSize()),
            parameters.get(shape.tiedEmbeddings() ? "embedding.weight" : "decoder.weight").to(type),
            new TensorOptional(parameters.get("decoder.bias").to(type)));
    return new Result(
        activations,
        softmaxInputs,
        torch.log_softmax(logits, 1, new ScalarTypeOptional(ScalarType.Float)),
        torch.cat(ends).detach());
  }
}
