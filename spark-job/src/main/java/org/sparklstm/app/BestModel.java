package org.sparklstm.app;

import java.util.Optional;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.sparklstm.checkpoint.Best;
import org.sparklstm.checkpoint.Checkpoint;
import org.sparklstm.config.Settings.Keep;
import org.sparklstm.run.RunDirectory;
import org.sparklstm.train.Schedule;
import org.sparklstm.train.TrainingState;

/** The best epoch of a run so far and, if the run keeps it, its parameters. */
final class BestModel {
  private static final Logger LOG = LoggerFactory.getLogger(BestModel.class);

  private final Keep keep;
  private final Schedule schedule;
  private Best best;
  private float[] parameters; // of the best epoch; null if the last one is kept

  private BestModel(Keep keep, Schedule schedule, Best best, float[] parameters) {
    this.keep = keep;
    this.schedule = schedule;
    this.best = best;
    this.parameters = parameters;
  }

  /** That of a run which begins at {@code begin}. */
  static BestModel of(Checkpoint begin, Optional<RunDirectory> directory) {
    Keep keep = begin.run().settings().train().keep();
    int epoch = begin.best().epoch();
    float[] parameters =
        keep == Keep.BEST && epoch >= 0 ? directory.orElseThrow().parameters(epoch) : null;
    return new BestModel(keep, begin.plan().schedule(), begin.best(), parameters);
  }

  Best best() {
    return best;
  }

  /** An epoch, from 0, is validated with {@code ofEpoch}. */
  Best validated(int epoch, double valid, float[] ofEpoch) {
    int steps = best.plateaus();
    best = best.or(epoch, valid, schedule);
    if (best.plateaus() > steps) {
      LOG.info("The learning rate falls: no epoch since {} was better", best.epoch() + 1);
    }
    if (keep == Keep.BEST && best.epoch() == epoch) {
      parameters = ofEpoch;
    }
    return best;
  }

  /** The parameters to test and save. */
  float[] kept(TrainingState last) {
    if (keep == Keep.LAST || parameters == null) {
      return last.model();
    }
    LOG.info("The model is that of epoch {}, the best of {}", best.epoch() + 1, last.epoch());
    return parameters;
  }
}
