package org.sparklstm.app;

import java.util.Optional;
import java.util.OptionalInt;
import java.util.function.IntSupplier;
import org.apache.spark.api.java.JavaSparkContext;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.sparklstm.averaging.EngineProbe;
import org.sparklstm.averaging.PeriodProbe;
import org.sparklstm.checkpoint.Checkpoint;
import org.sparklstm.checkpoint.ResumeRules;
import org.sparklstm.checkpoint.Run;
import org.sparklstm.config.Scaling;
import org.sparklstm.config.Settings;
import org.sparklstm.corpus.PreparedCorpus;
import org.sparklstm.engine.EngineChoice;
import org.sparklstm.train.TrainingPlan;

/**
 * How a run starts: afresh or from a checkpoint. It decides what the settings leave open. The
 * methods are called in the order of this page.
 */
sealed interface Start {
  Logger LOG = LoggerFactory.getLogger(Start.class);

  /**
   * The start of a run.
   *
   * @param latest checkpoint to continue from
   * @throws org.sparklstm.error.ConfigurationException if it was written with other settings
   */
  static Start of(Optional<Checkpoint> latest, Settings wanted) {
    latest.ifPresent(checkpoint -> ResumeRules.requireSettings(checkpoint, wanted));
    return latest.<Start>map(from -> new Resumed(from, wanted)).orElseGet(() -> new Fresh(wanted));
  }

  /**
   * The settings with workers and lanes decided, and what depends on them.
   *
   * @param tokens of the training text
   * @param slots how many tasks the cluster runs at once
   */
  Settings spread(long tokens, IntSupplier slots);

  /**
   * The settings of the corpus with the engine decided.
   *
   * @throws org.sparklstm.error.ConfigurationException if the run cannot have this corpus
   */
  Settings decide(PreparedCorpus corpus);

  /**
   * Where training starts, with the averaging period decided.
   *
   * @param initial parameters of a new run; empty: random ones
   */
  Checkpoint checkpoint(
      JavaSparkContext spark, Run run, PreparedCorpus corpus, Optional<float[]> initial);

  private static Run withPeriod(Run run, int period) {
    return run.with(run.settings().with("averaging.period", period));
  }

  /** The corpus's settings with an engine that can do what they say on every worker. */
  private static Settings withEngine(PreparedCorpus corpus) {
    Settings settings = corpus.settings();
    TrainingPlan plan = settings.plan(corpus.vocabulary().size(), 1);
    int most = corpus.assignment().lanesOf(0);
    int[] lengths = plan.windowLengths(settings.data().window());
    EngineChoice engine =
        EngineProbe.choose(
            plan.engine(),
            plan.shape(),
            plan.regularisation(),
            choice ->
                choice
                    .engine()
                    .memory(plan.shape(), plan.optimiser(), choice, most, lengths)
                    .device(),
            corpus.train().readers());
    return settings.with("engine.name", engine.name());
  }

  /** Starts with initial parameters. */
  record Fresh(Settings wanted) implements Start {
    @Override
    public Settings spread(long tokens, IntSupplier slots) {
      Scaling scaling = Scaling.of(wanted, tokens, slots);
      scaling.reasons().forEach(LOG::info);
      return scaling.settings();
    }

    @Override
    public Settings decide(PreparedCorpus corpus) {
      return withEngine(corpus);
    }

    @Override
    public Checkpoint checkpoint(
        JavaSparkContext spark, Run run, PreparedCorpus corpus, Optional<float[]> initial) {
      OptionalInt wantedPeriod = run.settings().averaging().period();
      if (wantedPeriod.isPresent()) {
        return begin(withPeriod(run, wantedPeriod.getAsInt()), initial);
      }
      int windows = corpus.windows();
      Checkpoint probed = begin(withPeriod(run, PeriodProbe.windows(windows)), initial);
      int period =
          PeriodProbe.choose(
              spark,
              corpus.assignment(),
              probed.run().plan(),
              probed.state(),
              corpus.train(),
              windows);
      return new Checkpoint(withPeriod(run, period), probed.state(), probed.best());
    }

    private static Checkpoint begin(Run run, Optional<float[]> initial) {
      return initial.map(run::begin).orElseGet(run::begin);
    }
  }

  /** Continues from a checkpoint, with what was decided when its run began. */
  record Resumed(Checkpoint from, Settings wanted) implements Start {
    @Override
    public Settings spread(long tokens, IntSupplier slots) {
      return ResumeRules.continued(from, wanted);
    }

    @Override
    public Settings decide(PreparedCorpus corpus) {
      ResumeRules.requireCorpus(from, corpus.digest());
      return withEngine(corpus);
    }

    @Override
    public Checkpoint checkpoint(
        JavaSparkContext spark, Run run, PreparedCorpus corpus, Optional<float[]> initial) {
      return new Checkpoint(run, from.state(), from.best());
    }
  }
}
