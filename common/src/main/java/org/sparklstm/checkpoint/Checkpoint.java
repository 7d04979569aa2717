package org.sparklstm.checkpoint;

import org.sparklstm.train.TrainingPlan;
import org.sparklstm.train.TrainingState;

/**
 * Everything that training continues from, complete in itself.
 *
 * @param state where the run is
 * @param best what the validations before have found
 */
public record Checkpoint(Run run, TrainingState state, Best best) {

  /** What the trainer continues by. */
  public TrainingPlan plan() {
    return run.plan().after(best.plateaus());
  }
}
