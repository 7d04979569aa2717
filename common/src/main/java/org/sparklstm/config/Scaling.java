package org.sparklstm.config;

/** How training is spread over workers. */
public final class Scaling {
  /** Lanes that a learning rate of 1 is meant for: the tutorial's batch size. */
  private static final int SERIAL_LANES = 20;

  private Scaling() {}

  /** The outer momentum whose steps are lanes / 20 times as long as those of plain averaging. */
  static double momentum(int lanes) {
    return Math.max(0, 1 - (double) SERIAL_LANES / lanes);
  }
}
