package org.sparklstm.error;

/** Training that cannot continue. The message says where it stopped. */
public final class TrainingException extends RuntimeException {
  /**
   * Training that found out by itself that it cannot continue.
   *
   * @param message says where training stopped and why
   */
  public TrainingException(String message) {
    super(message);
  }

  /**
   * Training that something else stopped.
   *
   * @param message says where training stopped and why
   * @param cause what stopped it
   */
  public TrainingException(String message, Throwable cause) {
    super(message, cause);
  }

  /**
   * Of the JVM that the driver runs in.
   *
   * @param error that ended training
   * @return an exception that says how much heap there is and how to get more
   */
  public static TrainingException outOfMemory(OutOfMemoryError error) {
    return new TrainingException(
        "Out of memory (%s): the driver has %s MiB of Java heap; raise --driver-memory"
            .formatted(error.getMessage(), Runtime.getRuntime().maxMemory() >> 20),
        error);
  }
}
