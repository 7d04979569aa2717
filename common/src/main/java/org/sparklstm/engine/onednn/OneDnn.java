package org.sparklstm.engine.onednn;

import java.util.ArrayDeque;
import java.util.Deque;
import org.bytedeco.dnnl.IntMemoryMap;
import org.bytedeco.dnnl.engine;
import org.bytedeco.dnnl.global.dnnl;
import org.bytedeco.dnnl.matmul;
import org.bytedeco.dnnl.memory;
import org.bytedeco.dnnl.post_ops;
import org.bytedeco.dnnl.primitive;
import org.bytedeco.dnnl.primitive_attr;
import org.bytedeco.dnnl.reorder;
import org.bytedeco.dnnl.stream;
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
    int needed = dnnl.dnnl_cpu_isa_avx512_core_bf16; // a bit for each step of the instruction sets
    return (dnnl.dnnl_get_effective_cpu_isa() & needed) == needed;
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
  memory scratchpad(memory.desc needed) {
    return scratchpad(needed.get_size());
  }

  /** A scratchpad that several primitives use in turn. */
  memory scratchpad(long bytes) {
    return memory(shape(memory.format_tag.a, bytes / Float.BYTES + 1));
  }

  /** A view of existing memory. */
  memory memory(memory.desc shape, Pointer floats) {
    return keep(new memory(shape, cpu, floats));
  }

  /** {@code size} zeros. */
  FloatPointer zeros(long size) {
    FloatPointer floats = floats(memory(shape(memory.format_tag.a, size)));
    clear(floats);
    return floats;
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
  Arguments arguments() {
    return new Arguments(keep(new IntMemoryMap()));
  }

  /** The same arguments, to add others or replace some. */
  Arguments copy(Arguments arguments) {
    return new Arguments(keep(new IntMemoryMap()).put(arguments.map));
  }

  /** Memories by the kind of argument that a primitive takes them for, DNNL_ARG_…. */
  record Arguments(IntMemoryMap map) {

    Arguments with(int kind, memory argument) {
      map.put(kind, argument);
      return this;
    }
  }

  /** Copies {@code from} to {@code to}, of the same shape in another order, each time it runs. */
  Runnable reorder(memory from, memory to) {
    return reorder(from, to, attributes, arguments());
  }

  /** The same; what is copied is multiplied with {@code scale}, one float. */
  Runnable scaledReorder(memory from, memory to, memory scale) {
    primitive_attr attr = newAttributes();
    attr.set_scales_mask(dnnl.DNNL_ARG_FROM, 0);
    return reorder(
        from, to, attr, arguments().with(dnnl.DNNL_ARG_ATTR_SCALES | dnnl.DNNL_ARG_FROM, scale));
  }

  private Runnable reorder(memory from, memory to, primitive_attr attr, Arguments arguments) {
    reorder.primitive_desc description = keep(new reorder.primitive_desc(from, to, attr, false));
    reorder copy = keep(new reorder(description));
    arguments
        .with(dnnl.DNNL_ARG_FROM, from)
        .with(dnnl.DNNL_ARG_TO, to)
        .with(dnnl.DNNL_ARG_SCRATCHPAD, scratchpad(description.scratchpad_desc()));
    return () -> execute(copy, arguments);
  }

  /**
   * Writes the product of {@code left} [m, k] and {@code right} [k, n] to {@code result} each time
   * it runs, or adds it.
   */
  Runnable product(memory left, memory right, memory result, boolean adds) {
    primitive_attr attr = newAttributes();
    if (adds) {
      post_ops after = keep(new post_ops());
      after.append_sum();
      attr.set_post_ops(after);
    }
    matmul.primitive_desc description =
        keep(
            new matmul.primitive_desc(
                cpu, left.get_desc(), right.get_desc(), result.get_desc(), attr, false));
    matmul kernel = keep(new matmul(description));
    Arguments arguments =
        arguments()
            .with(dnnl.DNNL_ARG_SRC, left)
            .with(dnnl.DNNL_ARG_WEIGHTS, right)
            .with(dnnl.DNNL_ARG_DST, result)
            .with(dnnl.DNNL_ARG_SCRATCHPAD, scratchpad(description.scratchpad_desc()));
    return () -> execute(kernel, arguments);
  }

  void execute(primitive kernel, Arguments arguments) {
    kernel.execute(commands, arguments.map);
  }

  @Override
  public void close() {
    owned.forEach(Pointer::deallocate);
    owned.clear();
  }
}
