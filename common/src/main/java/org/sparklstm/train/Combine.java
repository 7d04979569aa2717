package org.sparklstm.train;

/** How the workers' updates come together; all give the same bytes. */
public enum Combine {
  /** {@link #DRIVER} while its memory has room and that is faster, else {@link #SHARDED}. */
  AUTO,
  /** The driver collects and averages them. */
  DRIVER,
  /** Executors average groups of workers, the driver the groups. */
  TREE,
  /** Each of as many tasks averages a part of all workers' updates. */
  SHARDED
}
