package org.sparklstm.error;

/** A wrong setting or command line. The message says what to change; no stack trace is needed. */
public final class ConfigurationException extends RuntimeException {
  /**
   * A wrong setting that was found by looking at it.
   *
   * @param message says what is wrong and what to change
   */
  public ConfigurationException(String message) {
    super(message);
  }

  /**
   * A wrong setting that something else refused.
   *
   * @param message says what is wrong and what to change
   * @param cause what refused it
   */
  public ConfigurationException(String message, Throwable cause) {
    super(message, cause);
  }
}
