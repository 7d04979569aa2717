package org.sparklstm.app;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.function.Supplier;
import java.util.stream.IntStream;
import org.apache.hadoop.fs.FSError;
import org.apache.spark.api.java.JavaSparkContext;
import org.apache.spark.sql.SparkSession;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.sparklstm.averaging.AveragingTrainer;
import org.sparklstm.averaging.Evaluator;
import org.sparklstm.averaging.ReplicaPool;
import org.sparklstm.averaging.ShardedLanes;
import org.sparklstm.checkpoint.Best;
import org.sparklstm.checkpoint.Checkpoint;
import org.sparklstm.checkpoint.CheckpointFile;
import org.sparklstm.checkpoint.Run;
import org.sparklstm.cluster.ExecutorMemory;
import org.sparklstm.config.Settings;
import org.sparklstm.corpus.PreparedCorpus;
import org.sparklstm.corpus.Texts;
import org.sparklstm.engine.LossSum;
import org.sparklstm.error.ConfigurationException;
import org.sparklstm.error.InputException;
import org.sparklstm.error.TrainingException;
import org.sparklstm.run.RunDirectory;
import org.sparklstm.run.RunListener;
import org.sparklstm.run.RunListener.EpochBegin;
import org.sparklstm.run.RunListener.EpochSummary;
import org.sparklstm.run.RunListener.Validation;
import org.sparklstm.run.SavedModel;
import org.sparklstm.train.RoundSummary;
import org.sparklstm.train.TrainingPlan;
import org.sparklstm.train.TrainingState;

/** The whole job: reads the corpus, trains epoch by epoch, validates, tests, saves. */
public final class TrainJob {
  private static final Logger LOG = LoggerFactory.getLogger(TrainJob.class);

  /** What must be that of the model that training begins with. */
  private static final List<String> OF_MODEL =
      List.of(
          "model.layers",
          "model.hidden-size",
          "model.embedding-size",
          "model.tie-embeddings",
          "data.normalization");

  private final SparkSession spark;
  private final JavaSparkContext context;
  private final Optional<RunDirectory> directory;
  private final List<RunListener> followers;

  /**
   * A job.
   *
   * @param directory where the run is kept; empty: nothing is saved
   * @param followers of the run, before the job's own
   */
  public TrainJob(
      SparkSession spark, Optional<RunDirectory> directory, List<RunListener> followers) {
    this.spark = spark;
    this.context = JavaSparkContext.fromSparkContext(spark.sparkContext());
    this.directory = directory;
    this.followers = followers;
  }

  /** Input that is read and checked, and a trainer that is ready to train on it. */
  private record Prepared(
      Run run, PreparedCorpus corpus, AveragingTrainer trainer, BestModel best, boolean fresh)
      implements AutoCloseable {
    @Override
    public void close() {
      release(corpus);
    }

    /** Tokens of all lanes that the run had trained when it was in a state. */
    long tokens(TrainingState state) {
      Settings.Data data = run.settings().data();
      long tokensOfEpoch = (long) corpus.windows() * data.lanes() * data.window();
      return state.epoch() * tokensOfEpoch + state.loss().tokens();
    }

    /** Whether a round reached a multiple of {@code train.validate-every}, and others follow it. */
    boolean validates(RoundSummary round) {
      long every = run.settings().train().validateEvery();
      long tokens = tokens(round.state());
      return every > 0
          && tokens / every > (tokens - round.loss().tokens()) / every
          && trainer.hasRound(corpus.windows());
    }
  }

  /**
   * Trains a model, or continues from the newest checkpoint.
   *
   * @param texts reads the corpus
   */
  public SavedModel run(Settings settings, Supplier<Texts> texts) throws IOException {
    try (Prepared prepared = prepare(settings, texts)) {
      return train(prepared);
    }
  }

  /** Reads and checks all input and decides what is left open; writes nothing. */
  private Prepared prepare(Settings wanted, Supplier<Texts> texts) {
    Start start = Start.of(directory.flatMap(RunDirectory::latest), wanted);
    Optional<SavedModel> initial = wanted.train().initFrom().map(uri -> initial(uri, wanted));
    PreparedCorpus corpus =
        PreparedCorpus.prepare(
            texts,
            wanted,
            initial.map(SavedModel::vocabulary),
            tokens -> start.spread(tokens, () -> ExecutorMemory.slots(spark.sparkContext())));
    try {
      return prepare(start, corpus, initial.map(SavedModel::parameters));
    } catch (Throwable e) { // Scala throws what it does not declare
      try {
        release(corpus);
      } catch (RuntimeException alsoFailed) { // Spark has stopped
        e.addSuppressed(alsoFailed);
      }
      throw e;
    }
  }

  /**
   * The model that training begins with.
   *
   * @throws ConfigurationException if it is of another kind than the one that is wanted
   */
  private SavedModel initial(String uri, Settings wanted) {
    directory.ifPresent(saved -> saved.requireKept(uri, context.hadoopConfiguration()));
    SavedModel model = SavedModel.read(uri, context.hadoopConfiguration());
    Map<String, String> its = model.settings().entries();
    Map<String, String> entries = wanted.entries();
    boolean sameShape = model.shape().equals(wanted.shape(model.vocabulary().size()));
    for (String key : OF_MODEL) {
      if (!its.get(key).equals(entries.get(key)) && !(key.startsWith("model.") && sameShape)) {
        throw new ConfigurationException(
            "Cannot begin with train.init-from = %s: its %s is %s, not %s"
                .formatted(uri, key, its.get(key), entries.get(key)));
      }
    }
    return model;
  }

  private static void release(PreparedCorpus corpus) {
    try {
      corpus.close();
    } finally {
      ReplicaPool.clear();
    }
  }

  private Prepared prepare(Start start, PreparedCorpus corpus, Optional<float[]> initial) {
    Settings decided = start.decide(corpus);
    int words = corpus.vocabulary().size();
    CheckpointFile.requireRoom(decided.plan(words, 1), decided.data().lanes());
    ExecutorMemory.require(
        spark.sparkContext(), decided, words, corpus.train().readers(), corpus.bytesInMemory());
    Run run = new Run(decided, words, corpus.digest());
    Checkpoint begin = start.checkpoint(context, run, corpus, initial);
    TrainingPlan plan = begin.plan();
    LOG.info(
        "{} parameters, vocabulary of {} words, {} windows an epoch, {} workers on the engine {}",
        plan.shape().parameterCount(),
        words,
        corpus.windows(),
        corpus.assignment().workers(),
        plan.engine().name());
    return new Prepared(
        begin.run(),
        corpus,
        new AveragingTrainer(context, corpus.assignment(), plan, begin.state()),
        BestModel.of(begin, directory),
        start instanceof Start.Fresh);
  }

  /** Trains and validates each epoch that is left, tests, and saves the model. */
  private SavedModel train(Prepared prepared) throws IOException {
    AveragingTrainer trainer = prepared.trainer();
    PreparedCorpus corpus = prepared.corpus();
    Evaluator evaluator = new Evaluator(context, trainer.plan().engine(), trainer.plan().shape());
    try (RunListeners listeners = listeners(prepared)) {
      if (prepared.fresh()) {
        listeners.begun(trainer.state());
      }
      while (hasEpoch(prepared)) {
        trainEpoch(prepared, evaluator, listeners);
      }
      float[] parameters = prepared.best().kept(trainer.state());
      int workers = corpus.assignment().workers();
      double test = Double.NaN;
      if (corpus.test().isPresent()) {
        ShardedLanes text = corpus.test().get();
        test = perplexity("The test", evaluator.evaluateLane(parameters, text, workers, "test"));
        listeners.tested(test);
      }
      SavedModel model =
          new SavedModel(prepared.run().settings(), corpus.vocabulary(), parameters, test);
      if (directory.isPresent()) {
        directory.get().save(model);
      }
      return model;
    } catch (IOException | UncheckedIOException | FSError e) { // an error of a local disk
      if (directory.isEmpty()) {
        throw e;
      }
      throw new TrainingException(
          "Cannot save to %s: %s. The checkpoints before stay: --resume continues from them"
              .formatted(directory.get(), InputException.firstLine(e)),
          e);
    }
  }

  /** Rounds from here to the end of the last epoch. */
  private static long roundsLeft(AveragingTrainer trainer, int windows) {
    TrainingPlan plan = trainer.plan();
    return IntStream.range(trainer.state().epoch(), plan.schedule().epochs())
            .mapToLong(epoch -> plan.rounds(epoch, windows))
            .sum()
        - trainer.state().round();
  }

  private static boolean hasEpoch(Prepared prepared) {
    int epochs = prepared.trainer().state().epoch();
    Best best = prepared.best().best();
    int patience = prepared.run().settings().train().patience();
    if (epochs >= prepared.trainer().plan().schedule().epochs()) {
      return false;
    }
    if (best.stops(epochs, patience)) {
      LOG.info(
          "Stops after epoch {}: none of the last {} was better than epoch {} (train.patience)",
          epochs,
          patience,
          best.epoch() + 1);
      return false;
    }
    return true;
  }

  /** Trains and validates one epoch, or what is left of it. */
  private void trainEpoch(Prepared prepared, Evaluator evaluator, RunListeners listeners)
      throws IOException {
    AveragingTrainer trainer = prepared.trainer();
    PreparedCorpus corpus = prepared.corpus();
    int epoch = trainer.state().epoch(); // and no variable for the state, which a round lets go
    int done = trainer.state().round();
    long tokensBefore = trainer.state().loss().tokens();
    int windows = corpus.windows();
    double rate = trainer.plan().schedule().rate(epoch);
    int rounds = trainer.plan().rounds(epoch, windows);
    listeners.epochBegins(new EpochBegin(epoch, rate, rounds, done, roundsLeft(trainer, windows)));

    long began = System.nanoTime();
    while (trainer.hasRound(windows)) {
      began += trainRound(prepared, evaluator, listeners);
    }
    double seconds = (System.nanoTime() - began) / 1e9;

    LossSum loss = trainer.state().loss();
    String name = "Epoch %s".formatted(epoch + 1);
    perplexity(name + ": the train", loss);
    listeners.epochTrained(epoch, loss);

    float[] parameters = trainer.state().model();
    String job = "epoch %s validation".formatted(epoch + 1);
    double valid =
        perplexity(name + ": the valid", evaluator.evaluate(parameters, corpus.valid(), job));
    Best best = prepared.best().validated(epoch, valid, parameters);
    String sample = sample(prepared, evaluator, epoch, parameters);
    trainer.nextEpoch(best.plateaus());
    long trained = loss.tokens() - tokensBefore;
    listeners.epochEnded(
        new EpochSummary(
            epoch, rate, loss, valid, trained, seconds, trainer.state(), best, sample));
  }

  /** What the parameters write; nothing where the run keeps no report. */
  private String sample(Prepared prepared, Evaluator evaluator, int epoch, float[] parameters) {
    Settings.Train train = prepared.run().settings().train();
    PreparedCorpus corpus = prepared.corpus();
    return directory.isPresent() && train.sampleWords() > 0
        ? evaluator.write(
            parameters,
            corpus.vocabulary(),
            corpus.valid(),
            train.sampleWords(),
            train.seed(),
            "epoch %s sample".formatted(epoch + 1))
        : "";
  }

  /**
   * Trains a round, and validates behind it if {@code train.validate-every} says so.
   *
   * @return nanoseconds that validating took
   */
  private static long trainRound(Prepared prepared, Evaluator evaluator, RunListeners listeners)
      throws IOException {
    PreparedCorpus corpus = prepared.corpus();
    RoundSummary round = prepared.trainer().round(corpus.train(), corpus.windows());
    long began = System.nanoTime();
    if (prepared.validates(round)) {
      validate(prepared, round, evaluator, listeners);
    }
    long validating = System.nanoTime() - began;
    listeners.roundEnded(round);
    return validating;
  }

  private static void validate(
      Prepared prepared, RoundSummary round, Evaluator evaluator, RunListeners listeners)
      throws IOException {
    int epoch = round.state().epoch();
    String name = "epoch %s round %s".formatted(epoch + 1, round.state().round());
    float[] parameters = round.state().model();
    double valid =
        perplexity(
            "In %s the valid".formatted(name),
            evaluator.evaluate(parameters, prepared.corpus().valid(), name + " validation"));
    long tokens = prepared.tokens(round.state());
    LOG.info(
        "After {}, {} tokens: valid perplexity {}",
        name,
        tokens,
        String.format(Locale.ROOT, "%.3f", valid));
    listeners.validated(new Validation(epoch, round.state().round(), tokens, valid));
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

  /** All that follows the run; the run's directory opens its files here. */
  private RunListeners listeners(Prepared prepared) throws IOException {
    List<RunListener> listeners = new ArrayList<>(followers);
    TrainingState state = prepared.trainer().state();
    listeners.add(new MetricsReporter());
    listeners.add(new GuessingAlarm(prepared.corpus().vocabulary().size()));
    if (directory.isPresent()) {
      listeners.addAll(
          directory
              .get()
              .begin(
                  new Checkpoint(prepared.run(), state, prepared.best().best()),
                  prepared.tokens(state)));
    }
    return new RunListeners(listeners);
  }
}
