package org.sparklstm.error;

/** A corpus or a saved file that cannot be used. The message names it and says what is wrong. */
public final class InputException extends RuntimeException {
  /**
   * A file whose contents cannot be used.
   *
   * @param message names the file and says what is wrong with it
   */
  public InputException(String message) {
    super(message);
  }

  /**
   * A file that could not be read or written.
   *
   * @param message names the file and says what is wrong with it
   * @param cause why not
   */
  public InputException(String message, Throwable cause) {
    super(message, cause);
  }

  private InputException(String message, boolean writableStackTrace) {
    super(message, null, false, writableStackTrace);
  }

  /**
   * Of a task: without the stack trace that Spark would log for each of its attempts.
   *
   * @param message names the file and says what is wrong with it
   * @return an exception to throw
   */
  public static InputException ofTask(String message) {
    return new InputException(message, false);
  }

  /**
   * Throws the input exception among the causes of a failure: a failed job has a task's. Without
   * one it does nothing.
   *
   * @param failure of a job
   * @throws InputException if it is a cause
   */
  public static void rethrowCause(Throwable failure) {
    for (Throwable cause = failure; cause != null; cause = cause.getCause()) {
      if (cause instanceof InputException input) {
        throw input;
      }
    }
  }

  /**
   * The first line of a message: behind it, HDFS and Spark put the stack of another machine.
   *
   * @param cause that has the message
   * @return the line; empty or {@code null} in words if there is no message
   */
  public static String firstLine(Throwable cause) {
    return String.valueOf(cause.getMessage()).lines().findFirst().orElse("");
  }
}
