package org.sparklstm.engine.torch;

import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.bytedeco.pytorch.BoolOptional;
import org.bytedeco.pytorch.Scalar;
import org.bytedeco.pytorch.ScalarTypeOptional;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.TensorVector;
import org.bytedeco.pytorch.global.torch;
import org.bytedeco.pytorch.global.torch.ScalarType;
import org.sparklstm.model.LstmShape;
import org.sparklstm.model.ParameterLayout;

/** The parameters and their gradient: each one flat tensor, and a view of it for each name. */
final class TorchParameters {
  /** Squares are summed in floats over so many elements, and in doubles over the sums. */
  private static final int NORM_ROW = 1024;

  private final Tensor values; // [P]
  private final Tensor gradient; // [P]
  private final Tensor gradientRows; // [rows, NORM_ROW], the same and zeros behind it
  private final List<ParameterLayout.Tensor> layout;
  private final Map<String, Tensor> views = new HashMap<>();
  private final Map<String, Tensor> gradientViews = new HashMap<>();

  /** Zeros. */
  TorchParameters(NativeMemory memory, Tensors tensors, LstmShape shape) {
    this.layout = ParameterLayout.of(shape);
    int count = shape.parameterCount();
    long rows = (count - 1L) / NORM_ROW + 1;
    this.values = memory.keep(tensors.zeros(ScalarType.Float, count));
    this.gradientRows = memory.keep(tensors.zeros(ScalarType.Float, rows, NORM_ROW));
    this.gradient = memory.keep(gradientRows.flatten().narrow(0, 0, count));
    for (ParameterLayout.Tensor tensor : layout) {
      views.put(tensor.name(), memory.keep(view(values, tensor).detach().set_requires_grad(true)));
      gradientViews.put(tensor.name(), memory.keep(view(gradient, tensor)));
    }
  }

  private static Tensor view(Tensor flat, ParameterLayout.Tensor tensor) {
    return flat.narrow(0, tensor.offset(), tensor.size())
        .view(tensor.shape().stream().mapToLong(Integer::longValue).toArray());
  }

  /** All, [P]; what is written to it changes the views. */
  Tensor values() {
    return values;
  }

  /** Of all, [P]. */
  Tensor gradient() {
    return gradient;
  }

  /** A parameter, for automatic differentiation. */
  Tensor get(String name) {
    return views.get(name);
  }

  /**
   * Replaces the gradient by that of Σ weights · outputs.
   *
   * @param outputs of a computation on the parameters
   * @param weights of each output, of its shape
   */
  void differentiate(TensorVector outputs, TensorVector weights) {
    TensorVector inputs =
        new TensorVector(
            layout.stream().map(tensor -> views.get(tensor.name())).toArray(Tensor[]::new));
    TensorVector gradients = torch.grad(outputs, inputs, weights, new BoolOptional(), false, false);
    for (int i = 0; i < layout.size(); i++) {
      gradientViews.get(layout.get(i).name()).copy_(gradients.get(i));
    }
  }

  /**
   * ‖gradient‖, a double on the device. It is infinite already where an element is more than 1e19.
   */
  Tensor norm() {
    Tensor rows =
        torch.linalg_vector_norm(
            gradientRows, new Scalar(2), new long[] {1}, false, new ScalarTypeOptional());
    return torch.linalg_vector_norm(rows.to(ScalarType.Double));
  }

  /**
   * parameters −= part · parameters.
   *
   * @param part one number on the device
   */
  void decay(Tensor part) {
    values.addcmul_(values, part.to(ScalarType.Float), new Scalar(-1));
  }

  /**
   * parameters −= scale · gradient.
   *
   * @param scale one number on the device
   */
  void step(Tensor scale) {
    values.addcmul_(gradient, scale.to(ScalarType.Float), new Scalar(-1));
  }
}
