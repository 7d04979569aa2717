package org.sparklstm.error;

/** A corpus or a saved file that cannot be used. The message names it and says what is wrong. */
public final class InputException extends RuntimeException {
  /** An exception with its one line for the user. */
  public InputException(String message) {
    super(message);
  }

  /** The same with what led to it. */
  public InputException(String message, Throwable cause) {
    super(message, cause);
  }

  private InputException(String message, boolean writableStackTrace) {
    super(message, null, false, writableStackTrace);
  }

  /** Of a task: without the stack trace that Spark would log for each of its attempts. */
  public static InputException ofTask(String message) {
    return new InputException(message, false);
  }

  /** Throws the input exception among the causes of {@code failure}: a failed job has a task's. */
  public static void rethrowCause(Throwable failure) {
    for (Throwable cause = failure; cause != null; cause = cause.getCause()) {
      if (cause instanceof InputException input) {
        throw input;
      }
    }
  }

  /** The first line of a message: behind it, HDFS and Spark put the stack of another machine. */
  public static String firstLine(Throwable cause) {
    return String.valueOf(cause.getMessage()).lines().findFirst().orElse("");
  }
}
