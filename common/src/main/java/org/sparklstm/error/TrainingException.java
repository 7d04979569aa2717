package org.sparklstm.error;

/** Training that cannot continue. The message says where it stopped. */
public final class TrainingException extends RuntimeException {
  /** An exception with its one line for the user. */
  public TrainingException(String message) {
    super(message);
  }

  /** The same with what led to it. */
  public TrainingException(String message, Throwable cause) {
    super(message, cause);
  }

  /** Of the JVM that the driver runs in. */
  public static TrainingException outOfMemory(OutOfMemoryError error) {
    return new TrainingException(
        "Out of memory (%s): the driver has %s MiB of Java heap; raise --driver-memory"
            .formatted(error.getMessage(), Runtime.getRuntime().maxMemory() >> 20),
        error);
  }
}
