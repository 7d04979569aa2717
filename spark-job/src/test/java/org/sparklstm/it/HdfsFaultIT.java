package org.sparklstm.it;

import static org.junit.jupiter.params.provider.Arguments.arguments;

import java.io.IOException;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Named;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

/** What happens to HDFS on the way does not change the model. */
class HdfsFaultIT extends FaultTest {
  @ParameterizedTest(name = "{0}, {2}")
  @MethodSource("refusalsOfHdfs")
  void aRunResumesOnceHdfsTakesFilesAgain(Fault<HdfsRun> fault, String reason, Chance chance)
      throws Exception {
    try (HdfsRun run = runOnHdfs(chance)) {
      run.hasTwoDatanodesWith(corpus);
      run.resumes(); // from nothing yet
      run.savesACheckpoint();
      fault.happensTo(run, chance);
      run.endsWithTheError("Cannot save to " + run.savePath() + ": ", reason);
      run.hdfsTakesFilesAgain();
      run.resumes();
      run.endsWithTheSameModelAs(undisturbed);
    }
  }

  /** One of the two for each seed. */
  static Stream<Arguments> refusalsOfHdfs() {
    Named<Fault<HdfsRun>> isFull = fault("HDFS is full", (run, chance) -> run.hdfsIsFullAfter(500));
    Named<Fault<HdfsRun>> isReadOnly =
        fault("HDFS is read-only", (run, chance) -> run.hdfsIsReadOnlyAfter(500));
    return Chance.drawn()
        .map(
            chance ->
                chance.oneOf(
                    List.of(
                        arguments(isFull, "quota", chance),
                        arguments(isReadOnly, "safe mode", chance))));
  }

  @ParameterizedTest(name = "{0}, {1}")
  @MethodSource("deathsOfADatanode")
  void aResumedRunOnHdfsEndsWithTheSameModelThough(Fault<HdfsRun> fault, Chance chance)
      throws Exception {
    try (HdfsRun run = runOnHdfs(chance)) {
      run.hasTwoDatanodesWith(corpus);
      run.starts();
      run.savesACheckpoint();
      run.isStopped();
      run.resumes();
      fault.happensTo(run, chance);
      run.endsWithTheSameModelAs(undisturbed);
    }
  }

  /** One of the two for each seed. */
  static Stream<Arguments> deathsOfADatanode() {
    Named<Fault<HdfsRun>> early =
        fault(
            "one of two datanodes dies while the run starts and reads",
            (run, chance) -> run.datanodeDiesAfter(chance.millis(3000)));
    Named<Fault<HdfsRun>> late =
        fault(
            "one of two datanodes dies while metrics.jsonl is open",
            (run, chance) -> {
              run.savesACheckpoint();
              run.datanodeDiesAfter(chance.millis(3000));
            });
    return Chance.drawn().map(chance -> arguments(chance.oneOf(List.of(early, late)), chance));
  }

  private static HdfsRun runOnHdfs(Chance chance) throws IOException {
    return HdfsRun.start(newDirectory(), chance);
  }
}
