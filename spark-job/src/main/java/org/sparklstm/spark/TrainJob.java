package org.sparklstm.spark;

import java.io.IOException;
import java.io.PrintStream;
import java.io.UncheckedIOException;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.OptionalInt;
import org.apache.hadoop.fs.FSError;
import org.apache.spark.api.java.JavaSparkContext;
import org.apache.spark.sql.SparkSession;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.sparklstm.config.Settings;
import org.sparklstm.engine.Engine;
import org.sparklstm.engine.LossSum;
import org.sparklstm.train.Checkpoint;
import org.sparklstm.train.Report;

/** The whole job: reads the corpus, trains epoch by epoch, evaluates, saves. */
final class TrainJob {
  private static final Logger LOG = LoggerFactory.getLogger(TrainJob.class);

  private final SparkSession spark;
  private final SavePath savePath; // null: nothing is saved
  private final PrintStream out;

  /**
   * A job.
   *
   * @param savePath where the run is kept, or null
   * @param out takes the tutorial's lines
   */
  TrainJob(SparkSession spark, SavePath savePath, PrintStream out) {
    this.spark = spark;
    this.savePath = savePath;
    this.out = out;
  }

  /** Trains a model of the corpus in {@code dataPath}, or goes on from the newest checkpoint. */
  void run(Settings wanted, String dataPath) throws IOException {
    Checkpoint resumed = savePath == null ? null : savePath.latest().orElse(null);
    if (resumed != null) {
      resumed.requireSettings(wanted);
    }
    OptionalInt workers =
        resumed == null ? wanted.cluster().workers() : resumed.settings().cluster().workers();
    try (TrainingData data =
        TrainingData.prepare(
            spark, dataPath, wanted, () -> workers.orElseGet(() -> slots(wanted)))) {
      if (resumed != null) {
        resumed.requireCorpus(data.digest());
      }
      Engine.Name engine =
          resumed == null ? engine(wanted.engine(), data) : resumed.settings().engine().name();
      Settings settings =
          wanted
              .with("engine.name", engine.name().toLowerCase(Locale.ROOT))
              .with("cluster.workers", data.split().workers());
      ExecutorMemory.require(
          spark.sparkContext(), settings, settings.spec(data.vocabulary().size()), data);
      AveragingTrainer trainer =
          new AveragingTrainer(
              JavaSparkContext.fromSparkContext(spark.sparkContext()),
              data.split(),
              resumed == null
                  ? initial(settings, data)
                  : resumed.under(settings.with("averaging.period", period(resumed))));
      boolean begins = resumed == null;
      resumed = null; // large, and the trainer lets go of it
      LOG.info(
          "{} parameters, vocabulary of {} words, {} windows an epoch, {} workers",
          trainer.state().parameters().length,
          data.vocabulary().size(),
          data.windows(),
          data.split().workers());
      if (savePath == null) {
        LOG.warn("Nothing is saved: give --save-path to keep the model");
        train(trainer, data, null);
      } else {
        trainAndSave(trainer, data, begins);
      }
    } finally {
      ReplicaPool.clear();
    }
  }

  /** What is asked for; if that is left to us, the fused engine if it runs on each worker. */
  private static Engine.Name engine(Engine wanted, TrainingData data) {
    if (wanted.name() != Engine.Name.AUTO) {
      return wanted.name();
    }
    List<String> failures =
        data.train().flatMap(shard -> Engine.fusedFailure().stream().iterator()).collect();
    if (failures.isEmpty()) {
      return Engine.Name.FUSED;
    }
    LOG.warn(
        "oneDNN does not run on every executor ({}): DL4J trains, much slower", failures.get(0));
    return Engine.Name.DL4J;
  }

  private static int period(Checkpoint state) {
    return state.settings().averaging().period().orElseThrow();
  }

  private Checkpoint initial(Settings settings, TrainingData data) {
    Checkpoint initial = Checkpoint.initial(settings, data.vocabulary().size(), data.digest());
    if (settings.averaging().period().isPresent()) {
      return initial;
    }
    JavaSparkContext context = JavaSparkContext.fromSparkContext(spark.sparkContext());
    int period =
        AveragingTrainer.choosePeriod(context, data.split(), initial, data.train(), data.windows());
    return initial.under(settings.with("averaging.period", period));
  }

  /** One worker for each task that the cluster can run at once, at most one a lane. */
  private int slots(Settings settings) {
    return Math.min(ExecutorMemory.slots(spark.sparkContext()), settings.data().lanes());
  }

  /** Trains, and tells of all that cannot be saved. */
  private void trainAndSave(AveragingTrainer trainer, TrainingData data, boolean begins) {
    try {
      savePath.begin();
      if (begins) {
        save(trainer.state()); // which holds what was decided, so that a resumed run keeps it
      }
      try (MetricsLog metrics = MetricsLog.open(savePath, trainer.state())) {
        train(trainer, data, metrics);
      }
    } catch (IOException | UncheckedIOException | FSError e) { // an error of a local disk
      throw new TrainingException(
          "Cannot save to %s: %s. The checkpoints before stay: --resume goes on from them"
              .formatted(savePath, InputException.firstLine(e)),
          e);
    }
  }

  private void train(AveragingTrainer trainer, TrainingData data, MetricsLog metrics)
      throws IOException {
    int epochs = trainer.state().settings().train().epochs();
    while (trainer.state().epoch() < epochs) {
      epoch(trainer, data, metrics);
      save(trainer.state());
    }
    double test = perplexity("The test", trainer.evaluate(data.test(), "test"));
    out.println(Report.testPerplexity(test));
    if (metrics != null) {
      metrics.test(test);
      ModelFiles.save(savePath, trainer.state(), data.vocabulary());
      LOG.info("Model saved to {}", savePath.model());
    }
  }

  /** Trains and validates one epoch, or what is left of it. */
  private void epoch(AveragingTrainer trainer, TrainingData data, MetricsLog metrics)
      throws IOException {
    int epoch = trainer.state().epoch();
    int done = trainer.state().round();
    long tokensBefore = trainer.state().loss().tokens();
    double rate = Report.rate(trainer.state().settings().train(), epoch);
    out.println(Report.learningRate(epoch, rate));
    long began = System.nanoTime();
    int rounds = trainer.rounds(data.windows());
    try (Progress progress = new Progress("Epoch %s".formatted(epoch + 1), rounds, done)) {
      trainer.epoch(data.train(), data.windows(), round -> ended(round, rounds, progress, metrics));
    }
    double seconds = (System.nanoTime() - began) / 1e9;
    LossSum loss = trainer.state().loss();
    double perplexity = perplexity("Epoch %s: the train".formatted(epoch + 1), loss);
    out.println(Report.trainPerplexity(epoch, perplexity));
    worseThanGuessing(epoch, perplexity, data.vocabulary().size()).ifPresent(LOG::warn);
    double valid =
        perplexity(
            "Epoch %s: the valid".formatted(epoch + 1),
            trainer.evaluate(data.valid(), "epoch %s validation".formatted(epoch + 1)));
    out.println(Report.validPerplexity(epoch, valid));
    if (metrics != null) {
      metrics.epoch(epoch + 1, rate, loss, valid, loss.tokens() - tokensBefore, seconds);
    }
    trainer.nextEpoch();
  }

  private static double perplexity(String whose, LossSum loss) {
    double perplexity = loss.perplexity();
    if (!Double.isFinite(perplexity)) {
      throw new TrainingException(
          "%s perplexity is infinite or NaN: lower train.learning-rate or train.max-grad-norm"
              .formatted(whose));
    }
    return perplexity;
  }

  /** A uniform model over the vocabulary's words has their number as its perplexity. */
  static Optional<String> worseThanGuessing(int epoch, double perplexity, int words) {
    return perplexity > words
        ? Optional.of(
            "Epoch %s: the train perplexity is above %s, that of guessing among all words; lower train.learning-rate"
                .formatted(epoch + 1, words))
        : Optional.empty();
  }

  private void ended(
      AveragingTrainer.RoundEnd round, int rounds, Progress progress, MetricsLog metrics) {
    Checkpoint state = round.state();
    progress.round(state.round(), round.loss().tokens(), state.loss());
    if (metrics == null) {
      return;
    }
    try {
      metrics.round(round);
      int every = state.settings().checkpoint().everyRounds();
      if (every > 0 && state.round() % every == 0 && state.round() < rounds) {
        save(state);
      }
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private void save(Checkpoint state) throws IOException {
    if (savePath != null) {
      savePath.save(state, state.settings().checkpoint().keep());
    }
  }
}
