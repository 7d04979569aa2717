package org.sparklstm.engine.torch;

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
  static final Dropout NO_DROPOUT = (activations, layer) -> activations;

  private final LstmShape shape;
  private final TorchParameters parameters;
  private final Tensor noBias; // [4·H] zeros, for the layers' second bias

  TorchNetwork(NativeMemory memory, Tensors tensors, LstmShape shape, TorchParameters parameters) {
    this.shape = shape;
    this.parameters = parameters;
    this.noBias = memory.keep(tensors.zeros(ScalarType.Float, 4L * shape.hiddenSize()));
  }

  /** What is done with the activations [T, B, H] that enter a layer; L is the softmax layer. */
  interface Dropout {
    Tensor apply(Tensor activations, int layer);
  }

  /**
   * What a window ends in.
   *
   * @param logProbabilities ln p of each word, [N, V]
   * @param state [2·L, B, H]: of each layer the hidden state, then the cell state
   */
  record Result(Tensor logProbabilities, Tensor state) {}

  /**
   * Runs a window.
   *
   * @param words [T, B]
   * @param state that it begins with, [2·L, B, H]
   * @param type of the operands of matrix products
   * @param training whether the result is to be differentiated
   */
  Result forward(Tensor words, Tensor state, Dropout dropout, ScalarType type, boolean training) {
    Tensor activations = torch.embedding(parameters.get("embedding.weight"), words);
    TensorVector ends = new TensorVector();
    for (int layer = 0; layer < shape.layers(); layer++) {
      T_TensorTensorTensor_T result =
          torch.lstm(
              dropout.apply(activations, layer).to(type),
              new TensorVector(
                  state.narrow(0, 2L * layer, 1).to(type),
                  state.narrow(0, 2L * layer + 1, 1).to(type)),
              new TensorVector(
                  parameters.get("lstm.weight_ih_l" + layer).to(type),
                  parameters.get("lstm.weight_hh_l" + layer).to(type),
                  parameters.get("lstm.bias_ih_l" + layer).to(type),
                  noBias.to(type)),
              true,
              1,
              0,
              training,
              false,
              false);
      activations = result.get0();
      ends.push_back(result.get1()).push_back(result.get2());
    }
    Tensor logits =
        torch.linear(
            dropout.apply(activations, shape.layers()).to(type).view(-1, shape.hiddenSize()),
            parameters.get(shape.tiedEmbeddings() ? "embedding.weight" : "decoder.weight").to(type),
            new TensorOptional(parameters.get("decoder.bias").to(type)));
    return new Result(
        torch.log_softmax(logits, 1, new ScalarTypeOptional(ScalarType.Float)),
        torch.cat(ends).detach());
  }
}
