package org.sparklstm.train;

/** How the workers' updates come together; all give the same bytes. */
public enum Combine {
  /** {@link #DRIVER} if its memory has room for all of them, else {@link #SHARDED}. */
  AUTO,
  /** The driver collects and averages them. */
  DRIVER,
  /** Executors average groups of workers, the driver the groups. */
  TREE,
  /** Each of as many tasks averages a part of all workers' updates. */
  SHARDED
}
