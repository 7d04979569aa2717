package org.sparklstm.app;

import org.sparklstm.cluster.TrainingMetrics;
import org.sparklstm.cluster.TrainingMetrics.Metric;
import org.sparklstm.run.RunListener;
import org.sparklstm.train.RoundSummary;

/** Reports a run's numbers to the gauges among Spark's metrics. */
final class MetricsReporter implements RunListener {

  /** Forgets the numbers of an earlier run in this JVM. */
  MetricsReporter() {
    TrainingMetrics.clear();
  }

  @Override
  public void epochBegins(EpochBegin epoch) {
    TrainingMetrics.report(Metric.EPOCH, epoch.epoch() + 1);
    TrainingMetrics.report(Metric.ROUND, epoch.done());
    TrainingMetrics.report(Metric.LEARNING_RATE, epoch.rate());
  }

  @Override
  public void validated(Validation validation) {
    TrainingMetrics.report(Metric.VALID_PERPLEXITY, validation.perplexity());
  }

  @Override
  public void roundEnded(RoundSummary round) {
    double seconds = round.timing().total() / 1e3;
    TrainingMetrics.report(Metric.ROUND, round.state().round());
    TrainingMetrics.report(Metric.LEARNING_RATE, round.rate());
    TrainingMetrics.report(Metric.TRAIN_PERPLEXITY, round.state().loss().perplexity());
    TrainingMetrics.report(Metric.TOKENS_PER_SECOND, round.loss().tokens() / seconds);
    TrainingMetrics.report(Metric.ROUND_SECONDS, seconds);
  }

  @Override
  public void epochEnded(EpochSummary epoch) {
    TrainingMetrics.report(Metric.VALID_PERPLEXITY, epoch.valid());
  }
}
