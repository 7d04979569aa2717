package org.sparklstm.engine.onednn;

import java.util.ArrayDeque;
import java.util.Deque;
import org.bytedeco.dnnl.IntMemoryMap;
import org.bytedeco.dnnl.eltwise_forward;
import org.bytedeco.dnnl.engine;
import org.bytedeco.dnnl.global.dnnl;
import org.bytedeco.dnnl.global.dnnl.algorithm;
import org.bytedeco.dnnl.global.dnnl.prop_kind;
import org.bytedeco.dnnl.matmul;
import org.bytedeco.dnnl.memory;
import org.bytedeco.dnnl.post_ops;
import org.bytedeco.dnnl.primitive;
import org.bytedeco.dnnl.primitive_attr;
import org.bytedeco.dnnl.reorder;
import org.bytedeco.dnnl.softmax_forward;
import org.bytedeco.dnnl.stream;
import org.bytedeco.javacpp.BytePointer;
import org.bytedeco.javacpp.FloatPointer;
import org.bytedeco.javacpp.Pointer;

/** oneDNN on the CPU: what is made through an instance is off-heap and freed with it. */
final class OneDnn implements AutoCloseable {
  private final Deque<Pointer> owned = new ArrayDeque<>();
  private final engine cpu = keep(new engine(engine.kind.cpu, 0));
  private final stream commands = keep(new stream(cpu));
  private final primitive_attr attributes = newAttributes();

  private primitive_attr newAttributes() {
    primitive_attr attr = keep(new primitive_attr());
    attr.set_scratchpad_mode(dnnl.scratchpad_mode.user);
    return attr;
  }

  engine engine() {
    return cpu;
  }

  /** Attributes of a primitive that takes its scratchpad as an argument. */
  primitive_attr attributes() {
    return attributes;
  }

  /** Whether the processor multiplies bfloat16; without, oneDNN would imitate it slowly. */
  static boolean hasBfloat16() {
    return has(dnnl.dnnl_cpu_isa_avx512_core_bf16);
  }

  /** Whether the processor computes with 16 floats at a time. */
  static boolean hasAvx512() {
    return has(dnnl.dnnl_cpu_isa_avx512_core);
  }

  /** A number of instruction sets has the bits of every set that it includes. */
  private static boolean has(int instructions) {
    return (dnnl.dnnl_get_effective_cpu_isa() & instructions) == instructions;
  }

  /** Leaves {@code pointer} to be freed with this instance. */
  <P extends Pointer> P keep(P pointer) {
    owned.push(pointer);
    return pointer;
  }

  /** A dense array of floats; {@code tag} names the order of its dimensions. */
  memory.desc shape(memory.format_tag tag, long... dimensions) {
    return keep(new memory.desc(dimensions, memory.data_type.f32, tag));
  }

  /** A matrix whose elements [i, j] stand at i · {@code rowStride} + j · {@code columnStride}. */
  memory.desc matrix(
      memory.data_type type, long rows, long columns, long rowStride, long columnStride) {
    long[] dimensions = {rows, columns};
    return keep(new memory.desc(dimensions, type, new long[] {rowStride, columnStride}));
  }

  /** New memory, not cleared. */
  memory memory(memory.desc shape) {
    return keep(new memory(shape, cpu));
  }

  /**
   * What a primitive needs while it runs. The library's own scratchpad would belong to the thread
   * that made the primitive, and a replica goes from thread to thread.
   */
  private memory scratchpad(memory.desc needed) {
    return memory(shape(memory.format_tag.a, needed.get_size() / Float.BYTES + 1));
  }

  /** A view of existing memory. */
  memory memory(memory.desc shape, Pointer floats) {
    return keep(new memory(shape, cpu, floats));
  }

  /** A view of existing memory as a matrix whose rows stand one after the other. */
  memory view(FloatPointer floats, long rows, long columns) {
    return memory(matrix(memory.data_type.f32, rows, columns, columns, 1), floats);
  }

  /** A view of a matrix. */
  memory view(Matrix matrix) {
    memory plain =
        memory(
            matrix(memory.data_type.f32, matrix.rows(), matrix.columns(), matrix.stride(), 1),
            matrix.floats());
    return matrix.transposed() ? transposed(plain) : plain;
  }

  /** A view of the first {@code count} rows of a matrix without gaps. */
  memory firstRows(memory matrix, long count) {
    return memory(rows(matrix.get_desc(), count), matrix.get_data_handle());
  }

  /** Views of the rows of a matrix without gaps, {@code count} rows each. */
  memory[] slices(memory matrix, long count) {
    memory.desc all = matrix.get_desc();
    memory.desc shape = rows(all, count);
    BytePointer bytes = new BytePointer(matrix.get_data_handle());
    memory[] slices = new memory[(int) (all.get_dims().get(0) / count)];
    for (int i = 0; i < slices.length; i++) {
      slices[i] = memory(shape, bytes.getPointer(i * shape.get_size()));
    }
    return slices;
  }

  private memory.desc rows(memory.desc matrix, long count) {
    long columns = matrix.get_dims().get(1);
    return matrix(matrix.get_data_type(), count, columns, columns, 1);
  }

  /** A view of a matrix as its transpose. */
  memory transposed(memory matrix) {
    memory.desc shape = matrix.get_desc();
    return memory(
        matrix(
            shape.get_data_type(),
            shape.get_dims().get(1),
            shape.get_dims().get(0),
            shape.get_strides().get(1),
            shape.get_strides().get(0)),
        matrix.get_data_handle());
  }

  /** {@code size} zeros. */
  FloatPointer zeros(long size) {
    FloatPointer floats = floats(memory(shape(memory.format_tag.a, size)));
    clear(floats);
    return floats;
  }

  /** A matrix of zeros. */
  memory zeros(long rows, long columns) {
    return view(zeros(rows * columns), rows, columns);
  }

  /** The floats of a memory. */
  FloatPointer floats(memory from) {
    FloatPointer floats = new FloatPointer(from.get_data_handle());
    return floats.capacity(from.get_desc().get_size() / Float.BYTES);
  }

  /** Sets all floats of {@code floats} to zero. */
  static void clear(FloatPointer floats) {
    Pointer.memset(floats, 0, floats.capacity() * Float.BYTES);
  }

  /** The arguments of a primitive, to be added one by one. */
  private Arguments arguments() {
    return new Arguments(keep(new IntMemoryMap()));
  }

  /** The same arguments, to add others or replace some. */
  private Arguments copy(Arguments arguments) {
    return new Arguments(keep(new IntMemoryMap()).put(arguments.map));
  }

  /** Memories by the kind of argument that a primitive takes them for, DNNL_ARG_…. */
  private record Arguments(IntMemoryMap map) {

    Arguments with(int kind, memory argument) {
      map.put(kind, argument);
      return this;
    }
  }

  /** A primitive that runs on different memories of the same shapes. */
  interface Kernel {
    /** Reads {@code from} and writes {@code to} each time it runs. */
    Runnable on(memory from, memory to);
  }

  /** Copies {@code from} to {@code to}, of the same shape in another order, each time it runs. */
  Runnable reorder(memory from, memory to) {
    return reorder(from.get_desc(), to.get_desc()).on(from, to);
  }

  /** Copies from one order or type to another. */
  Kernel reorder(memory.desc from, memory.desc to) {
    return reorder(from, to, attributes, arguments());
  }

  /** The same; what is copied is multiplied with {@code scale}, one float. */
  Runnable scaledReorder(memory from, memory to, memory scale) {
    primitive_attr attr = newAttributes();
    attr.set_scales_mask(dnnl.DNNL_ARG_FROM, 0);
    Arguments scaled = arguments().with(dnnl.DNNL_ARG_ATTR_SCALES | dnnl.DNNL_ARG_FROM, scale);
    return reorder(from.get_desc(), to.get_desc(), attr, scaled).on(from, to);
  }

  private Kernel reorder(memory.desc from, memory.desc to, primitive_attr attr, Arguments others) {
    reorder.primitive_desc description =
        keep(new reorder.primitive_desc(cpu, from, cpu, to, attr, false));
    return kernel(keep(new reorder(description)), description.scratchpad_desc(), others);
  }

  /** {@code function} of each float. */
  Kernel eltwise(algorithm function, memory.desc shape) {
    eltwise_forward.primitive_desc description =
        keep(
            new eltwise_forward.primitive_desc(
                cpu, prop_kind.forward_inference, function, shape, shape, 0, 0, attributes, false));
    return kernel(
        keep(new eltwise_forward(description)), description.scratchpad_desc(), arguments());
  }

  /** The softmax of each row, or its logarithm. */
  Kernel softmax(algorithm kind, memory.desc shape) {
    softmax_forward.primitive_desc description =
        keep(
            new softmax_forward.primitive_desc(
                cpu, prop_kind.forward_inference, kind, shape, shape, 1, attributes, false));
    return kernel(
        keep(new softmax_forward(description)), description.scratchpad_desc(), arguments());
  }

  /**
   * Writes the product of {@code left} [m, k] and {@code right} [k, n] to {@code result} each time
   * it runs, or adds it.
   */
  Runnable product(memory left, memory right, memory result, boolean adds) {
    return product(left.get_desc(), right, result.get_desc(), adds).on(left, result);
  }

  /** The products of matrices of a shape and {@code right}, written or added. */
  Kernel product(memory.desc left, memory right, memory.desc result, boolean adds) {
    primitive_attr attr = newAttributes();
    if (adds) {
      post_ops after = keep(new post_ops());
      after.append_sum();
      attr.set_post_ops(after);
    }
    return product(
        new matmul.primitive_desc(cpu, left, right.get_desc(), result, attr, false),
        arguments().with(dnnl.DNNL_ARG_WEIGHTS, right));
  }

  /** The same as a product that is written; {@code bias} [1, n] is added to each row of it. */
  Runnable product(memory left, memory right, memory bias, memory result) {
    memory.desc shape = result.get_desc();
    return product(
            new matmul.primitive_desc(
                cpu, left.get_desc(), right.get_desc(), bias.get_desc(), shape, attributes, false),
            arguments().with(dnnl.DNNL_ARG_WEIGHTS, right).with(dnnl.DNNL_ARG_BIAS, bias))
        .on(left, result);
  }

  private Kernel product(matmul.primitive_desc description, Arguments others) {
    keep(description);
    return kernel(keep(new matmul(description)), description.scratchpad_desc(), others);
  }

  /**
   * A kernel that runs a primitive.
   *
   * @param scratch its scratchpad
   * @param others arguments besides source, destination and scratchpad
   */
  private Kernel kernel(primitive computation, memory.desc scratch, Arguments others) {
    others.with(dnnl.DNNL_ARG_SCRATCHPAD, scratchpad(scratch));
    return (from, to) -> {
      Arguments arguments = copy(others).with(dnnl.DNNL_ARG_SRC, from).with(dnnl.DNNL_ARG_DST, to);
      return () -> computation.execute(commands, arguments.map);
    };
  }

  @Override
  public void close() {
    owned.forEach(Pointer::deallocate);
    owned.clear();
  }
}
