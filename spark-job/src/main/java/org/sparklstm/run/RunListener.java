package org.sparklstm.run;

import java.io.IOException;
import org.sparklstm.checkpoint.Best;
import org.sparklstm.engine.LossSum;
import org.sparklstm.train.RoundSummary;
import org.sparklstm.train.TrainingState;

/** Follows a training run. Its methods are called on the driver, in the order of this page. */
public interface RunListener extends AutoCloseable {

  /** A new run begins. It is not called for a run that is continued. */
  default void begun(TrainingState state) throws IOException {}

  /** An epoch begins, or continues. */
  default void epochBegins(EpochBegin epoch) throws IOException {}

  /**
   * The parameters are validated within an epoch. It comes before {@link #roundEnded} of the round
   * behind which they are.
   */
  default void validated(Validation validation) throws IOException {}

  /** A round has ended. */
  default void roundEnded(RoundSummary round) throws IOException {}

  /**
   * All rounds of an epoch have ended.
   *
   * @param epoch from 0
   * @param loss of the whole epoch
   */
  default void epochTrained(int epoch, LossSum loss) throws IOException {}

  /** An epoch is trained and validated. */
  default void epochEnded(EpochSummary epoch) throws IOException {}

  /** The test part is evaluated. */
  default void tested(double perplexity) throws IOException {}

  /** The run has ended, well or not. */
  @Override
  default void close() throws IOException {}

  /**
   * An epoch that begins, or continues.
   *
   * @param epoch from 0
   * @param rate its learning rate
   * @param rounds of it
   * @param done rounds that an earlier process did
   * @param left rounds of the run that are still to be done, those of later epochs included
   */
  record EpochBegin(int epoch, double rate, int rounds, int done, long left) {}

  /**
   * A validation within an epoch.
   *
   * @param epoch from 0
   * @param round rounds of the epoch that were averaged
   * @param tokens trained since the run began, of all lanes
   * @param perplexity of the validation part
   */
  record Validation(int epoch, int round, long tokens, double perplexity) {}

  /**
   * An epoch that has ended.
   *
   * @param epoch from 0
   * @param rate its learning rate
   * @param loss of the whole epoch
   * @param valid perplexity of the validation part
   * @param trained tokens that this process trained of it: all, unless it resumed within the epoch
   * @param seconds that they took
   * @param next the state at the beginning of the next epoch
   * @param best epoch so far, this one included
   * @param sample what the model writes now; empty: it was not asked to
   */
  record EpochSummary(
      int epoch,
      double rate,
      LossSum loss,
      double valid,
      long trained,
      double seconds,
      TrainingState next,
      Best best,
      String sample) {}
}
