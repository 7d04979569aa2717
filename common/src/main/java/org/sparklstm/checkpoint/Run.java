package org.sparklstm.checkpoint;

import org.sparklstm.config.Settings;
import org.sparklstm.model.ParameterLayout;
import org.sparklstm.train.TrainingPlan;
import org.sparklstm.train.TrainingState;

/**
 * What a run is, from its beginning to its end.
 *
 * @param settings of the run; what results depend on is decided, not {@code auto}
 * @param vocabularySize V
 * @param corpus digest of all its lines; the run continues with no other
 */
public record Run(Settings settings, int vocabularySize, String corpus) {

  /** What the trainer trains by. */
  public TrainingPlan plan() {
    return settings.plan(vocabularySize, settings.averaging().period().orElseThrow());
  }

  /** The state before the first round: random parameters, zero lane state. */
  public Checkpoint begin() {
    return begin(
        ParameterLayout.initialise(
            plan().shape(), settings.model().initScale(), settings.train().seed()));
  }

  /** The state before the first round: given parameters, zero lane state. */
  public Checkpoint begin(float[] parameters) {
    TrainingPlan plan = plan();
    int lanes = settings.data().lanes();
    return new Checkpoint(this, TrainingState.initial(plan, parameters, lanes), Best.NONE);
  }

  /** The same run with other settings. */
  public Run with(Settings other) {
    return new Run(other, vocabularySize, corpus);
  }
}
