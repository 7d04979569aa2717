package org.sparklstm.engine.torch;

import java.util.ArrayDeque;
import java.util.Deque;
import org.bytedeco.javacpp.Pointer;
import org.bytedeco.javacpp.PointerScope;

/**
 * Native objects that outlive the call that makes them. All others are freed with the {@link
 * PointerScope} of their call, never by the garbage collector.
 */
final class NativeMemory implements AutoCloseable {
  private final Deque<Pointer> kept = new ArrayDeque<>();

  /** Leaves {@code pointer}, made in an open {@link PointerScope}, to be freed with this. */
  <P extends Pointer> P keep(P pointer) {
    pointer.retainReference();
    kept.push(pointer);
    return pointer;
  }

  @Override
  public void close() {
    kept.forEach(Pointer::releaseReference);
    kept.clear();
  }
}
