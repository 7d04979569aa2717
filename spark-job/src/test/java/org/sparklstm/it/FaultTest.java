package org.sparklstm.it;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Named;
import org.junit.jupiter.api.TestInfo;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/**
 * What dies on the way does not change the model. What dies are real processes, killed with SIGKILL
 * at random moments. The model is that of a run which nothing happened to.
 */
@Timeout(value = 10, unit = TimeUnit.MINUTES)
abstract class FaultTest {
  @TempDir private static Path directory;
  static Path corpus;
  static Path undisturbed;

  /** Something that happens to a run. */
  interface Fault<R extends TrainingRun> {
    void happensTo(R run, Chance chance) throws Exception;
  }

  @BeforeAll
  static void trainUndisturbed() throws Exception {
    corpus = SmallCorpus.write(directory.resolve("corpus"));
    try (TrainingRun run = runOn("local[2]")) {
      run.starts();
      undisturbed = run.endsWithAModel();
    }
  }

  /** A failure in the report of the build has only the number of its test. */
  @BeforeEach
  void printName(TestInfo test) {
    System.out.println(test.getDisplayName());
  }

  static <R extends TrainingRun> Named<Fault<R>> fault(String name, Fault<R> fault) {
    return Named.of(name, fault);
  }

  static TrainingRun runOn(String master) throws IOException {
    return TrainingRun.onLocalFiles(newDirectory(), master, corpus);
  }

  static TrainingRun runOn(String master, Chance chance) throws IOException {
    TrainingRun run = runOn(master);
    run.leaveTo(chance);
    return run;
  }

  static Path newDirectory() throws IOException {
    return Files.createTempDirectory(directory, "run");
  }
}
