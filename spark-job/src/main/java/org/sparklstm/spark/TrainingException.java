package org.sparklstm.spark;

/** Training that cannot go on. The message says where it stopped. */
public final class TrainingException extends RuntimeException {
  TrainingException(String message) {
    super(message);
  }

  TrainingException(String message, Throwable cause) {
    super(message, cause);
  }
}
