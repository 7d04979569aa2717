package org.sparklstm.run;

import java.io.IOException;
import org.sparklstm.checkpoint.Best;
import org.sparklstm.checkpoint.Checkpoint;
import org.sparklstm.checkpoint.Run;
import org.sparklstm.config.Settings;
import org.sparklstm.train.RoundSummary;
import org.sparklstm.train.TrainingState;

/**
 * Saves checkpoints at the beginning, every few rounds, after validations, and after each epoch.
 */
final class CheckpointListener implements RunListener {
  private final CheckpointStore store;
  private final Run run;
  private final Settings.Checkpoint settings;
  private Best best;
  private int rounds; // of the epoch
  private boolean validated; // and the round behind which it was is still to be saved

  CheckpointListener(CheckpointStore store, Run run, Best best) {
    this.store = store;
    this.run = run;
    this.best = best;
    this.settings = run.settings().checkpoint();
  }

  /** The first checkpoint holds what was decided, so that a run that continues keeps it. */
  @Override
  public void begun(TrainingState state) throws IOException {
    save(state);
  }

  @Override
  public void epochBegins(EpochBegin epoch) {
    rounds = epoch.rounds();
  }

  @Override
  public void validated(Validation validation) {
    validated = true;
  }

  @Override
  public void roundEnded(RoundSummary round) throws IOException {
    int done = round.state().round();
    int every = settings.everyRounds();
    boolean due = validated || (every > 0 && done % every == 0);
    if (due && done < rounds) { // the last comes with the epoch's end
      save(round.state());
    }
    validated = false;
  }

  @Override
  public void epochEnded(EpochSummary epoch) throws IOException {
    best = epoch.best();
    save(epoch.next());
  }

  private void save(TrainingState state) throws IOException {
    store.save(new Checkpoint(run, state, best), settings.keep());
  }
}
