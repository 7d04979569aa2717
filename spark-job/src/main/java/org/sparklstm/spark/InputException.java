package org.sparklstm.spark;

/** A corpus or a saved file that cannot be used. The message names it and says what is wrong. */
public final class InputException extends RuntimeException {
  InputException(String message) {
    super(message);
  }

  InputException(String message, Throwable cause) {
    super(message, cause);
  }

  /** The first line of a message: behind it, HDFS and Spark put the stack of another machine. */
  static String firstLine(Throwable cause) {
    return String.valueOf(cause.getMessage()).lines().findFirst().orElse("");
  }
}
