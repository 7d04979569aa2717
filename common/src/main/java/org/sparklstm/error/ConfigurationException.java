package org.sparklstm.error;

/** A wrong setting or command line. The message says what to change; no stack trace is needed. */
public final class ConfigurationException extends RuntimeException {
  public ConfigurationException(String message) {
    super(message);
  }

  public ConfigurationException(String message, Throwable cause) {
    super(message, cause);
  }
}
