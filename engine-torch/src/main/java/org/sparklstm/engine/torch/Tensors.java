package org.sparklstm.engine.torch;

import org.bytedeco.javacpp.DoublePointer;
import org.bytedeco.javacpp.FloatPointer;
import org.bytedeco.javacpp.IntPointer;
import org.bytedeco.javacpp.LongPointer;
import org.bytedeco.javacpp.Pointer;
import org.bytedeco.pytorch.Device;
import org.bytedeco.pytorch.DeviceOptional;
import org.bytedeco.pytorch.MemoryFormatOptional;
import org.bytedeco.pytorch.Scalar;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.TensorOptions;
import org.bytedeco.pytorch.global.torch;
import org.bytedeco.pytorch.global.torch.ScalarType;

/**
 * Tensors on one device, and what goes there and back. All are made in the caller's {@link
 * org.bytedeco.javacpp.PointerScope} and freed with it.
 */
final class Tensors {
  private final String device;

  Tensors(TorchDevice device) {
    this.device = device.name();
  }

  private TensorOptions options(ScalarType type) {
    return new TensorOptions(type).device(new DeviceOptional(new Device(device)));
  }

  /** Zeros. */
  Tensor zeros(ScalarType type, long... shape) {
    return torch.zeros(shape, options(type));
  }

  /** Memory of so many bytes, not cleared. */
  Tensor take(long bytes) {
    return torch.empty(new long[] {bytes}, options(ScalarType.Byte), new MemoryFormatOptional());
  }

  /** The same float everywhere. */
  Tensor full(float value, long... shape) {
    return torch.full(shape, new Scalar(value), options(ScalarType.Float));
  }

  /** 1 to {@code last}. */
  Tensor range(long last) {
    return torch.arange(new Scalar(1L), new Scalar(last + 1), options(ScalarType.Long));
  }

  /** These numbers in one dimension. */
  Tensor of(float[] values) {
    return copy(new FloatPointer(values), ScalarType.Float, values.length);
  }

  /** These numbers in one dimension. */
  Tensor of(double[] values) {
    return copy(new DoublePointer(values), ScalarType.Double, values.length);
  }

  /** These numbers in one dimension. */
  Tensor of(int[] values) {
    return copy(new IntPointer(values), ScalarType.Int, values.length);
  }

  /** These numbers in one dimension. */
  Tensor of(long[] values) {
    return copy(new LongPointer(values), ScalarType.Long, values.length);
  }

  /**
   * A copy also where the device is the CPU. Does not wait for what the device computes. From
   * memory that is not pinned, CUDA returns only when it has read all of it.
   */
  private Tensor copy(Pointer values, ScalarType type, long length) {
    return torch
        .from_blob(values, new long[] {length}, new TensorOptions(type))
        .to(new Device(device), type, true, true, new MemoryFormatOptional());
  }

  /** The floats of a tensor, row-major. */
  static float[] floats(Tensor tensor) {
    float[] values = new float[Math.toIntExact(tensor.numel())];
    host(tensor).data_ptr_float().get(values);
    return values;
  }

  /** The doubles of a tensor, row-major. */
  static double[] doubles(Tensor tensor) {
    double[] values = new double[Math.toIntExact(tensor.numel())];
    host(tensor).data_ptr_double().get(values);
    return values;
  }

  private static Tensor host(Tensor tensor) {
    return tensor.to(new Device("cpu"), tensor.scalar_type()).contiguous();
  }
}
