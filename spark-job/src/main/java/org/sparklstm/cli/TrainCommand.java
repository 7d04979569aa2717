package org.sparklstm.cli;

import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Iterator;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.Callable;
import org.apache.hadoop.conf.Configuration;
import org.apache.hadoop.fs.FileSystem;
import org.apache.hadoop.util.ShutdownHookManager;
import org.apache.logging.log4j.Level;
import org.apache.logging.log4j.core.config.Configurator;
import org.apache.spark.sql.SparkSession;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.sparklstm.app.Progress;
import org.sparklstm.app.TrainJob;
import org.sparklstm.app.TutorialLines;
import org.sparklstm.cluster.SparkStart;
import org.sparklstm.cluster.Watchdog;
import org.sparklstm.config.Settings;
import org.sparklstm.config.SettingsLoader;
import org.sparklstm.corpus.Texts;
import org.sparklstm.error.ConfigurationException;
import org.sparklstm.error.TrainingException;
import org.sparklstm.run.RunDirectory;
import org.sparklstm.run.RunDirectory.ExistingRun;
import org.sparklstm.run.RunListener;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

/** The command line of {@code PtbTrain}. */
@Command(
    name = "PtbTrain",
    mixinStandardHelpOptions = true,
    sortOptions = false,
    description =
        "Trains the LSTM language model of Zaremba et al. 2014 on Spark and prints its perplexities.",
    footerHeading = "%nSettings, for --config and --set (--help-settings explains each):%n",
    exitCodeListHeading = "%nExit codes:%n",
    exitCodeList = {
      "0:trained",
      "1:failed, or the input cannot be used",
      "2:wrong usage or configuration",
      "130, 143:stopped by SIGINT or SIGTERM"
    })
public final class TrainCommand implements Callable<Integer> {
  private static final Logger LOG = LoggerFactory.getLogger(TrainCommand.class);

  /** Among the hooks of a shutdown, higher ones first: Spark's own is at + 30. */
  private static final int BEFORE_SPARK = FileSystem.SHUTDOWN_HOOK_PRIORITY + 31;

  private static final int AFTER_SPARK = FileSystem.SHUTDOWN_HOOK_PRIORITY + 1;

  /** What {@code --help} lists for {@code --model}. */
  private static final class Presets implements Iterable<String> {
    @Override
    public Iterator<String> iterator() {
      return SettingsLoader.presets().iterator();
    }
  }

  @Option(
      names = "--model",
      paramLabel = "<preset>",
      defaultValue = "small",
      completionCandidates = Presets.class,
      description =
          "one of ${COMPLETION-CANDIDATES} (default: ${DEFAULT-VALUE}; submit/local.sh: quickstart)")
  private String preset;

  @Option(
      names = "--data-path",
      paramLabel = "<uri>",
      required = true,
      description =
          "Directory with train.txt, valid.txt and test.txt (or ptb.train.txt …; or .gz; each a file, or a"
              + " directory of part files), UTF-8, on any Hadoop file system. Without a scheme it is on"
              + " fs.defaultFS of Hadoop's configuration, by default this machine's disk; file:///… always"
              + " is this machine's disk")
  private String dataPath;

  @Option(
      names = "--save-path",
      paramLabel = "<uri>",
      description =
          "Directory for the model, the metrics and the checkpoints, on any Hadoop file system (default:"
              + " save nothing)")
  private String savePath;

  @Option(
      names = "--config",
      paramLabel = "<file.conf>",
      description = "Settings that override the preset's, a file of this machine")
  private String config;

  @Option(
      names = "--set",
      paramLabel = "<key=value>",
      description = "One setting that overrides all others; may be repeated")
  private List<String> assignments = new ArrayList<>();

  @Option(
      names = "--resume",
      description = "Continue the run in --save-path from its newest checkpoint, or begin it")
  private boolean resume;

  @Option(names = "--overwrite", description = "Replace the run in --save-path")
  private boolean overwrite;

  @Option(
      names = "--quiet",
      description = "Print no progress, and on standard error only warnings and errors")
  private boolean quiet;

  @Option(
      names = "--help-settings",
      help = true,
      description = "Print every setting with its default and exit")
  private boolean helpSettings;

  @Spec
  void listKeys(CommandSpec spec) {
    spec.usageMessage().footer(SettingsLoader.keys().toArray(String[]::new));
  }

  private static Path file(String name) {
    try {
      return name == null ? null : Path.of(name);
    } catch (InvalidPathException e) {
      throw new ConfigurationException(
          "Cannot read --config '%s': it cannot be the name of a file".formatted(name));
    }
  }

  @Override
  public Integer call() throws Exception {
    if (helpSettings) {
      System.out.print(SettingsLoader.referenceText());
      return CommandLine.ExitCode.OK;
    }
    Commands.requireDecoded("--data-path", dataPath);
    Commands.requireDecoded("--save-path", savePath);
    Commands.requireDecoded("--config", config);
    if (quiet) {
      Configurator.setLevel("org.sparklstm", Level.WARN);
    }
    Settings settings = SettingsLoader.load(preset, file(config), assignments);
    ExistingRun existing = existingRun();
    LOG.info("Preset {}: {}", preset, SettingsLoader.description(preset));
    ShutdownHookManager hooks = ShutdownHookManager.get();
    Runnable hush = TrainCommand::hush;
    Runnable farewell = this::farewell;
    hooks.addShutdownHook(hush, BEFORE_SPARK);
    hooks.addShutdownHook(farewell, AFTER_SPARK);
    try {
      return train(settings, existing);
    } finally {
      if (!hooks.isShutdownInProgress()) {
        hooks.removeShutdownHook(hush);
        hooks.removeShutdownHook(farewell);
      }
    }
  }

  /** Lets Spark stop without logging the stack of each task that it breaks off. */
  private static void hush() {
    SparkSession.getDefaultSession()
        .foreach(
            spark -> {
              spark.sparkContext().setLogLevel("OFF");
              return null;
            });
  }

  /** Says at a signal, or whatever else ends the JVM, how to continue. */
  private void farewell() {
    System.err.println(
        savePath == null
            ? "Stopped before the end; without --save-path nothing is kept"
            : "Stopped before the end; the same command with --resume continues from the newest checkpoint in "
                + savePath);
  }

  private int train(Settings settings, ExistingRun existing) throws Exception {
    SparkSession spark = SparkStart.start(settings);
    try (Watchdog watchdog =
        new Watchdog(spark.sparkContext(), settings.cluster().roundTimeout())) {
      try {
        Configuration hadoop = spark.sparkContext().hadoopConfiguration();
        Optional<RunDirectory> directory =
            Optional.ofNullable(savePath).map(uri -> RunDirectory.open(uri, hadoop, existing));
        if (directory.isEmpty()) {
          LOG.warn("Nothing is saved: give --save-path to keep the model");
        }
        RunListener lines = new TutorialLines(System.out);
        new TrainJob(spark, directory, quiet ? List.of(lines) : List.of(lines, new Progress()))
            .run(settings, () -> Texts.ofFiles(spark, dataPath, settings.data().normalization()));
        return CommandLine.ExitCode.OK;
      } catch (Exception e) {
        throw watchdog.explained(e);
      } catch (OutOfMemoryError e) {
        throw TrainingException.outOfMemory(e);
      }
    } finally {
      spark.stop();
    }
  }

  private ExistingRun existingRun() {
    if (resume && overwrite) {
      throw new ConfigurationException("Cannot both --resume and --overwrite a run: give one");
    }
    if (savePath == null && (resume || overwrite)) {
      throw new ConfigurationException("--resume and --overwrite need a --save-path");
    }
    if (resume) {
      return ExistingRun.RESUME;
    }
    return overwrite ? ExistingRun.OVERWRITE : ExistingRun.REFUSE;
  }
}
