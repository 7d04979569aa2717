package org.sparklstm.error;

/** A wrong setting or command line. The message says what to change; no stack trace is needed. */
public final class ConfigurationException extends RuntimeException {
  /** An exception with its one line for the user. */
  public ConfigurationException(String message) {
    super(message);
  }

  /** The same with what led to it. */
  public ConfigurationException(String message, Throwable cause) {
    super(message, cause);
  }
}
