package org.sparklstm.text;

import java.io.Serializable;
import org.sparklstm.error.ConfigurationException;

/**
 * How B lanes are shared by K workers: neighbouring lanes, the first B mod K workers with one more.
 *
 * @param lanes B
 * @param workers K
 */
public record LaneAssignment(int lanes, int workers) implements Serializable {

  /**
   * Checks that each worker has a lane.
   *
   * @throws ConfigurationException if there are fewer lanes than workers
   */
  public LaneAssignment {
    if (workers < 1 || lanes < workers) {
      throw new ConfigurationException(
          "Cannot split lanes: data.lanes %s is less than cluster.workers %s"
              .formatted(lanes, workers));
    }
  }

  /** The first lane of {@code worker}; of worker K, the number of lanes. */
  public int firstLane(int worker) {
    return worker * (lanes / workers) + Math.min(worker, lanes % workers);
  }

  /** How many lanes {@code worker} has. */
  public int lanesOf(int worker) {
    return firstLane(worker + 1) - firstLane(worker);
  }

  /** The worker that has {@code lane}. */
  public int workerOf(int lane) {
    int larger = lanes % workers;
    int size = lanes / workers;
    return lane < larger * (size + 1) ? lane / (size + 1) : (lane - larger) / size;
  }

  /** The share of each worker in an average: its lanes / B. */
  public double[] weights() {
    double[] weights = new double[workers];
    for (int worker = 0; worker < workers; worker++) {
      weights[worker] = (double) lanesOf(worker) / lanes;
    }
    return weights;
  }
}
