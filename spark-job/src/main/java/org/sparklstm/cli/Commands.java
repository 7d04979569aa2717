package org.sparklstm.cli;

import java.time.Duration;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.function.Supplier;
import org.apache.hadoop.util.ShutdownHookManager;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.sparklstm.cluster.Platform;
import org.sparklstm.error.ConfigurationException;
import org.sparklstm.error.InputException;
import org.sparklstm.error.TrainingException;
import picocli.CommandLine;
import picocli.CommandLine.IParameterExceptionHandler;
import picocli.CommandLine.MissingParameterException;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.UnmatchedArgumentException;

/** What the commands share: how they are parsed, how they fail, and their version. */
public final class Commands {
  /** How long a program waits for Spark to start. */
  static final Duration START_LIMIT = Duration.ofMinutes(60);

  /** A large .gz is one task, so no limit is right for all: this one only ends what is dead. */
  static final Duration TASK_LIMIT = Duration.ofDays(7);

  private static final Logger LOG = LoggerFactory.getLogger(Commands.class);

  private Commands() {}

  /**
   * Makes and runs a command, and ends the JVM if it fails. YARN takes an exit before main returns
   * for a failure, even with 0.
   */
  public static void run(Supplier<Callable<Integer>> command, String... args) {
    int code = line(command.get()).execute(args);
    if (code != CommandLine.ExitCode.OK) {
      System.exit(code);
    }
  }

  /** The command line of a command, which ends with exit code 0, 1 or 2. */
  static CommandLine line(Callable<Integer> command) {
    CommandLine line =
        new CommandLine(command)
            .setExecutionExceptionHandler((exception, failed, parsed) -> fail(exception, failed));
    IParameterExceptionHandler usual = line.getParameterExceptionHandler();
    line.setParameterExceptionHandler(
        (exception, args) -> usual.handleParseException(misspelt(exception), args));
    line.getCommandSpec().version(line.getCommandName() + " " + Platform.version());
    return line;
  }

  /** An option that is missing may be one that is misspelt: then that is what is wrong. */
  private static ParameterException misspelt(ParameterException exception) {
    List<String> unknown = exception.getCommandLine().getUnmatchedArguments();
    return exception instanceof MissingParameterException && !unknown.isEmpty()
        ? new UnmatchedArgumentException(exception.getCommandLine(), unknown)
        : exception;
  }

  private static int fail(Exception exception, CommandLine line) {
    if (ShutdownHookManager.get().isShutdownInProgress()) { // the farewell says why
      return CommandLine.ExitCode.SOFTWARE;
    }
    boolean explained =
        exception instanceof ConfigurationException
            || exception instanceof InputException
            || exception instanceof TrainingException;
    String failed = line.getCommandName() + " failed";
    if (!explained) {
      LOG.error(failed, exception);
    }
    line.getErr().println(explained ? exception.getMessage() : failed + ": " + exception);
    return exception instanceof ConfigurationException
        ? CommandLine.ExitCode.USAGE
        : CommandLine.ExitCode.SOFTWARE;
  }

  /**
   * Refuses a path whose characters were lost when the JVM read them: all paths of as many
   * characters would be the same one.
   */
  static void requireDecoded(String option, String path) {
    requireDecoded(option, path, System.getProperty("sun.jnu.encoding"));
  }

  static void requireDecoded(String option, String path, String encoding) {
    boolean lost =
        path != null
            && (path.indexOf('\uFFFD') >= 0
                || (path.indexOf('?') >= 0 && !encoding.equals("UTF-8"))); // of spark-submit's JVM
    if (lost) {
      throw new ConfigurationException(
          "Cannot use %s %s: it has characters that the locale's encoding %s does not have; set LC_ALL=C.UTF-8"
              .formatted(option, path, encoding));
    }
  }
}
