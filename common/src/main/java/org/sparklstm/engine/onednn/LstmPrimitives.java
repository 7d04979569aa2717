package org.sparklstm.engine.onednn;

import static org.bytedeco.dnnl.global.dnnl.DNNL_ARG_BIAS;
import static org.bytedeco.dnnl.global.dnnl.DNNL_ARG_DIFF_BIAS;
import static org.bytedeco.dnnl.global.dnnl.DNNL_ARG_DIFF_DST_ITER;
import static org.bytedeco.dnnl.global.dnnl.DNNL_ARG_DIFF_DST_ITER_C;
import static org.bytedeco.dnnl.global.dnnl.DNNL_ARG_DIFF_DST_LAYER;
import static org.bytedeco.dnnl.global.dnnl.DNNL_ARG_DIFF_SRC_ITER;
import static org.bytedeco.dnnl.global.dnnl.DNNL_ARG_DIFF_SRC_ITER_C;
import static org.bytedeco.dnnl.global.dnnl.DNNL_ARG_DIFF_SRC_LAYER;
import static org.bytedeco.dnnl.global.dnnl.DNNL_ARG_DIFF_WEIGHTS_ITER;
import static org.bytedeco.dnnl.global.dnnl.DNNL_ARG_DIFF_WEIGHTS_LAYER;
import static org.bytedeco.dnnl.global.dnnl.DNNL_ARG_DST_ITER;
import static org.bytedeco.dnnl.global.dnnl.DNNL_ARG_DST_ITER_C;
import static org.bytedeco.dnnl.global.dnnl.DNNL_ARG_DST_LAYER;
import static org.bytedeco.dnnl.global.dnnl.DNNL_ARG_SCRATCHPAD;
import static org.bytedeco.dnnl.global.dnnl.DNNL_ARG_SRC_ITER;
import static org.bytedeco.dnnl.global.dnnl.DNNL_ARG_SRC_ITER_C;
import static org.bytedeco.dnnl.global.dnnl.DNNL_ARG_SRC_LAYER;
import static org.bytedeco.dnnl.global.dnnl.DNNL_ARG_WEIGHTS_ITER;
import static org.bytedeco.dnnl.global.dnnl.DNNL_ARG_WEIGHTS_LAYER;
import static org.bytedeco.dnnl.global.dnnl.DNNL_ARG_WORKSPACE;

import org.bytedeco.dnnl.global.dnnl.prop_kind;
import org.bytedeco.dnnl.global.dnnl.rnn_direction;
import org.bytedeco.dnnl.lstm_backward;
import org.bytedeco.dnnl.lstm_forward;
import org.bytedeco.dnnl.memory;
import org.bytedeco.dnnl.memory.format_tag;
import org.bytedeco.javacpp.FloatPointer;
import org.bytedeco.javacpp.Pointer;

/**
 * oneDNN's LSTM on windows of one length, shared by the layers. Its gates are in PyTorch's order.
 */
final class LstmPrimitives {
  private final OneDnn oneDnn;
  private final memory.desc sequence; // [T, B, H]
  private final memory.desc state; // [B, H]
  private final lstm_forward inference;
  private final memory scratchpad;
  private final long stateBytes;

  // Only for training:
  private lstm_forward forward;
  private lstm_backward backward;
  private memory.desc workspace;
  private memory zeroGradient; // of the last state: nothing comes back from the next window
  private memory hiddenGradient; // of the first state, which nobody reads
  private memory cellGradient;

  LstmPrimitives(OneDnn oneDnn, int length, int lanes, int hiddenSize, boolean training) {
    this.oneDnn = oneDnn;
    this.sequence = oneDnn.shape(format_tag.tnc, length, lanes, hiddenSize);
    this.state = oneDnn.shape(format_tag.ldnc, 1, 1, lanes, hiddenSize);
    this.stateBytes = (long) lanes * hiddenSize * Float.BYTES;
    memory.desc weights = weights(oneDnn, hiddenSize);
    memory.desc bias = bias(oneDnn, hiddenSize);
    lstm_forward.primitive_desc inferring =
        oneDnn.keep(forward(prop_kind.forward_inference, weights, bias));
    this.inference = oneDnn.keep(new lstm_forward(inferring));
    long scratch = inferring.scratchpad_desc().get_size();
    if (training) {
      lstm_forward.primitive_desc forth =
          oneDnn.keep(forward(prop_kind.forward_training, weights, bias));
      lstm_backward.primitive_desc back = oneDnn.keep(backward(forth, weights, bias, hiddenSize));
      this.forward = oneDnn.keep(new lstm_forward(forth));
      this.backward = oneDnn.keep(new lstm_backward(back));
      this.workspace = oneDnn.keep(forth.workspace_desc());
      this.zeroGradient = oneDnn.memory(state);
      OneDnn.clear(oneDnn.floats(zeroGradient));
      this.hiddenGradient = oneDnn.memory(state);
      this.cellGradient = oneDnn.memory(state);
      scratch = Math.max(scratch, forth.scratchpad_desc().get_size());
      scratch = Math.max(scratch, back.scratchpad_desc().get_size());
    }
    this.scratchpad = oneDnn.scratchpad(scratch);
  }

  /** A weight matrix as the forward pass reads it and its gradient is written: [H, 4·H]. */
  static memory.desc weights(OneDnn oneDnn, int hiddenSize) {
    return oneDnn.shape(format_tag.ldigo, 1, 1, hiddenSize, 4, hiddenSize);
  }

  /** A weight matrix as the backward pass and PyTorch have it: [4·H, H]. */
  static memory.desc transposedWeights(OneDnn oneDnn, int hiddenSize) {
    return oneDnn.shape(format_tag.ldgoi, 1, 1, hiddenSize, 4, hiddenSize);
  }

  static memory.desc bias(OneDnn oneDnn, int hiddenSize) {
    return oneDnn.shape(format_tag.ldgo, 1, 1, 4, hiddenSize);
  }

  private lstm_forward.primitive_desc forward(
      prop_kind kind, memory.desc weights, memory.desc bias) {
    return new lstm_forward.primitive_desc(
        oneDnn.engine(),
        kind,
        rnn_direction.unidirectional_left2right,
        sequence,
        state,
        state,
        weights,
        weights,
        bias,
        sequence,
        state,
        state,
        oneDnn.attributes(),
        false);
  }

  private lstm_backward.primitive_desc backward(
      lstm_forward.primitive_desc forth, memory.desc weights, memory.desc bias, int hiddenSize) {
    memory.desc transposed = transposedWeights(oneDnn, hiddenSize);
    return new lstm_backward.primitive_desc(
        oneDnn.engine(),
        prop_kind.backward,
        rnn_direction.unidirectional_left2right,
        sequence,
        state,
        state,
        transposed,
        transposed,
        bias,
        sequence,
        state,
        state,
        sequence,
        state,
        state,
        weights,
        weights,
        bias,
        sequence,
        state,
        state,
        forth,
        oneDnn.attributes(),
        false);
  }

  /** Memory for an activation, [T, B, H]. */
  memory sequence() {
    return oneDnn.memory(sequence);
  }

  /** One layer on the window's buffers. */
  final class Layer {
    private final LayerWeights weights;
    private final FloatPointer hidden;
    private final FloatPointer cell;
    private final memory nextHidden = oneDnn.memory(state);
    private final memory nextCell = oneDnn.memory(state);
    private final OneDnn.Arguments inferenceArguments;
    private OneDnn.Arguments forwardArguments;
    private OneDnn.Arguments backwardArguments;

    /**
     * A layer that reads {@code input} and writes {@code output}.
     *
     * @param hidden [B, H], carried
     * @param cell [B, H], carried
     */
    Layer(
        LayerWeights weights, memory input, memory output, FloatPointer hidden, FloatPointer cell) {
      this.weights = weights;
      this.hidden = hidden;
      this.cell = cell;
      this.inferenceArguments =
          oneDnn
              .arguments()
              .with(DNNL_ARG_SRC_LAYER, input)
              .with(DNNL_ARG_SRC_ITER, oneDnn.memory(state, hidden))
              .with(DNNL_ARG_SRC_ITER_C, oneDnn.memory(state, cell))
              .with(DNNL_ARG_WEIGHTS_LAYER, weights.input())
              .with(DNNL_ARG_WEIGHTS_ITER, weights.recurrent())
              .with(DNNL_ARG_BIAS, weights.bias())
              .with(DNNL_ARG_DST_LAYER, output)
              .with(DNNL_ARG_DST_ITER, nextHidden)
              .with(DNNL_ARG_DST_ITER_C, nextCell)
              .with(DNNL_ARG_SCRATCHPAD, scratchpad);
    }

    /**
     * Prepares for {@link #forward} and {@link #backward}.
     *
     * @param outputGradient [T, B, H], read
     * @param inputGradient [T, B, H], written
     */
    void prepareTraining(memory outputGradient, memory inputGradient) {
      forwardArguments =
          oneDnn.copy(inferenceArguments).with(DNNL_ARG_WORKSPACE, oneDnn.memory(workspace));
      backwardArguments =
          oneDnn
              .copy(forwardArguments)
              .with(DNNL_ARG_WEIGHTS_LAYER, weights.transposedInput())
              .with(DNNL_ARG_WEIGHTS_ITER, weights.transposedRecurrent())
              .with(DNNL_ARG_DIFF_DST_LAYER, outputGradient)
              .with(DNNL_ARG_DIFF_DST_ITER, zeroGradient)
              .with(DNNL_ARG_DIFF_DST_ITER_C, zeroGradient)
              .with(DNNL_ARG_DIFF_SRC_LAYER, inputGradient)
              .with(DNNL_ARG_DIFF_SRC_ITER, hiddenGradient)
              .with(DNNL_ARG_DIFF_SRC_ITER_C, cellGradient)
              .with(DNNL_ARG_DIFF_WEIGHTS_LAYER, weights.inputGradient())
              .with(DNNL_ARG_DIFF_WEIGHTS_ITER, weights.recurrentGradient())
              .with(DNNL_ARG_DIFF_BIAS, weights.biasGradient());
    }

    void infer() {
      oneDnn.execute(inference, inferenceArguments);
    }

    void forward() {
      oneDnn.execute(forward, forwardArguments);
    }

    /** Adds to the gradient of the weights. */
    void backward() {
      oneDnn.execute(backward, backwardArguments);
    }

    /** Makes the window's last state the carried one. */
    void carry() {
      Pointer.memcpy(hidden, nextHidden.get_data_handle(), stateBytes);
      Pointer.memcpy(cell, nextCell.get_data_handle(), stateBytes);
    }
  }
}
