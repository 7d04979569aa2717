package org.sparklstm.engine.onednn;

import java.util.ArrayDeque;
import java.util.Deque;
import org.bytedeco.dnnl.IntMemoryMap;
import org.bytedeco.dnnl.engine;
import org.bytedeco.dnnl.global.dnnl;
import org.bytedeco.dnnl.memory;
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
  private final primitive_attr attributes = keep(new primitive_attr());

  OneDnn() {
    attributes.set_scratchpad_mode(dnnl.scratchpad_mode.user);
  }

  engine engine() {
    return cpu;
  }

  /** Attributes of a primitive that takes its scratchpad as an argument. */
  primitive_attr attributes() {
    return attributes;
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
    reorder.primitive_desc description =
        keep(new reorder.primitive_desc(from, to, attributes, false));
    reorder copy = keep(new reorder(description));
    Arguments arguments =
        arguments()
            .with(dnnl.DNNL_ARG_FROM, from)
            .with(dnnl.DNNL_ARG_TO, to)
            .with(dnnl.DNNL_ARG_SCRATCHPAD, scratchpad(description.scratchpad_desc()));
    return () -> execute(copy, arguments);
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
