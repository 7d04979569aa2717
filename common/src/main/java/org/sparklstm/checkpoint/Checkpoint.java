package org.sparklstm.checkpoint;

import org.sparklstm.train.TrainingState;

/**
 * Everything that training continues from, complete in itself.
 *
 * @param state where the run is
 * @param best epoch of those before
 */
public record Checkpoint(Run run, TrainingState state, Best best) {}
