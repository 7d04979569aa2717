package org.sparklstm.engine.torch;

/** A computation on a device that was recorded once and is repeated on the same tensors. */
interface Recording extends AutoCloseable {

  /** Does it again, with what the tensors hold now. Does not wait for the device. */
  void repeat();

  @Override
  void close();

  /** Records. */
  interface Recorder {
    /**
     * Records a computation, which is run for that but has no effect yet.
     *
     * @param computation the same operations on the same tensors each time; it reads nothing from
     *     the device and copies nothing to it
     */
    Recording record(Runnable computation);
  }
}
