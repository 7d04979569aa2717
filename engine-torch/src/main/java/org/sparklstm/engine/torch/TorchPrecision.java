package org.sparklstm.engine.torch;

import org.bytedeco.pytorch.Context;
import org.bytedeco.pytorch.global.torch;
import org.bytedeco.pytorch.global.torch.ScalarType;

/** In which numbers matrices are multiplied. Parameters, sums and gradients are float32. */
enum TorchPrecision {
  FLOAT32,
  /** float32 whose operands a GPU rounds to 10 bits of mantissa; on a CPU the same as float32. */
  TF32,
  BFLOAT16;

  /** The type that operands are rounded to. */
  ScalarType operands() {
    return this == BFLOAT16 ? ScalarType.BFloat16 : ScalarType.Float;
  }

  /** Sets libtorch's switch, which is that of the whole process. */
  void use() {
    Context context = torch.globalContext();
    context.setAllowTF32CuBLAS(this == TF32);
    context.setAllowTF32CuDNN(this == TF32);
  }
}
