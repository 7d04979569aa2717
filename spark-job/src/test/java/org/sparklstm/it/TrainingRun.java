package org.sparklstm.it;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Set;
import java.util.stream.Collectors;
import org.apache.hadoop.conf.Configuration;
import org.apache.hadoop.fs.FileSystem;
import org.sparklstm.testing.FailingTasks;

/**
 * A run of PtbTrain to which something happens, in the words of a scenario. It starts and resumes
 * as one process after another, and its methods speak of the newest.
 */
class TrainingRun implements AutoCloseable {
  private static final Duration LIMIT = Duration.ofMinutes(5);

  private final Path directory;
  private final String master;
  private final FileSystem fs;
  private final String savePath;
  private final List<String> options = new ArrayList<>();
  private final List<String> arguments = new ArrayList<>(SmallCorpus.SETTINGS);
  private final List<SparkProcess> jobs = new ArrayList<>();
  private Set<String> earlierCheckpoints = Set.of();

  /**
   * Of six epochs with two workers, which make outer steps in the first four.
   *
   * @param directory for logs and a copy of the model
   * @param fs that holds {@code savePath}
   */
  TrainingRun(Path directory, String master, String dataPath, String savePath, FileSystem fs) {
    this.directory = directory;
    this.master = master;
    this.savePath = savePath;
    this.fs = fs;
    arguments.addAll(List.of("--data-path", dataPath, "--save-path", savePath));
    set("train.epochs=6");
    set("averaging.outer-momentum=0.5");
    set("cluster.workers=2");
  }

  /** One with all its files on the local disk. */
  static TrainingRun onLocalFiles(Path directory, String master, Path corpus) throws IOException {
    FileSystem local = FileSystem.getLocal(new Configuration()).getRaw();
    return new TrainingRun(
        directory, master, corpus.toString(), directory.resolve("saved").toString(), local);
  }

  // Given

  /** One more setting of PtbTrain. */
  final void set(String assignment) {
    arguments.addAll(List.of("--set", assignment));
  }

  /** One more property of Spark. */
  final void conf(String assignment) {
    options.addAll(List.of("--conf", assignment));
  }

  /** Leaves to chance how the workers come together, and prints which chance it is. */
  final void leaveTo(Chance chance) {
    System.out.println(chance.description());
    set("averaging.combine=" + chance.combine());
  }

  // When

  void starts() throws IOException {
    submit(List.of());
  }

  /**
   * Starts, and the first attempts of each task of a round fail.
   *
   * @param round the description that its job begins with
   */
  void startsWithTasksThatFail(String round, int attempts) throws IOException {
    submit(FailingTasks.options(directory.resolve("failing.jar"), round, attempts));
  }

  /** Starts and is to continue from the newest checkpoint. */
  void resumes() throws IOException {
    submit(List.of(), "--resume");
  }

  private void submit(List<String> moreOptions, String... moreArguments) throws IOException {
    List<String> allOptions = new ArrayList<>(options);
    allOptions.addAll(moreOptions);
    List<String> allArguments = new ArrayList<>(arguments);
    allArguments.addAll(List.of(moreArguments));
    earlierCheckpoints = checkpoints();
    jobs.add(
        SparkProcess.submit(
            directory.resolve("log" + jobs.size()),
            master,
            allOptions,
            allArguments.toArray(String[]::new)));
  }

  /** Awaits a checkpoint that was not there before: training has begun. */
  void savesACheckpoint() throws Exception {
    job().await("a new checkpoint", LIMIT, () -> !earlierCheckpoints.containsAll(checkpoints()));
  }

  /** Awaits that a run that resumes has read its checkpoint. */
  void findsItsCheckpoint() throws Exception {
    job().await("a checkpoint to resume", LIMIT, () -> job().errors().contains("Resuming from"));
  }

  /** Lets it continue, and makes sure that the fault comes before its end. */
  void runsFor(int millis) throws InterruptedException {
    assertThat(job().endedWithin(millis))
        .describedAs("ended before the fault; it printed%n%s", job().errors())
        .isFalse();
  }

  void driverDiesAfter(int millis) throws InterruptedException {
    runsFor(millis);
    job().kill();
  }

  /** Ends by SIGTERM. */
  void isStopped() throws InterruptedException {
    job().terminate();
    assertEndsWith(128 + 15);
  }

  // Then

  /** Ends with a model whose files have the same bytes. */
  void endsWithTheSameModelAs(Path expected) throws Exception {
    Path model = endsWithAModel();
    for (String file : List.of("model.safetensors", "dl4j.zip", "vocabulary.txt")) {
      assertThat(model.resolve(file)).hasSameBinaryContentAs(expected.resolve(file));
    }
  }

  /** Ends well, and has a copy of its model in the returned local directory. */
  Path endsWithAModel() throws Exception {
    assertEndsWith(0);
    Path copy = directory.resolve("model");
    fs.copyToLocalFile(false, path(savePath + "/model"), path(copy.toString()), true);
    return copy;
  }

  /** Ends with exit code 1 and an error that it explains. */
  void endsWithTheError(String... parts) throws InterruptedException {
    assertEndsWith(1);
    assertThat(job().errors()).contains(parts).doesNotContain("Training failed");
  }

  void hasPrinted(String... parts) {
    assertThat(job().errors()).contains(parts);
  }

  private void assertEndsWith(int code) throws InterruptedException {
    assertThat(job().exitCode())
        .describedAs("exit code; it printed%n%s", job().errors())
        .isEqualTo(code);
  }

  final String savePath() {
    return savePath;
  }

  private SparkProcess job() {
    return jobs.get(jobs.size() - 1);
  }

  private Set<String> checkpoints() throws IOException {
    org.apache.hadoop.fs.Path checkpoints = path(savePath + "/checkpoints");
    if (!fs.exists(checkpoints)) {
      return Set.of();
    }
    return Arrays.stream(fs.listStatus(checkpoints))
        .map(file -> file.getPath().getName())
        .filter(name -> name.endsWith(".safetensors"))
        .collect(Collectors.toSet());
  }

  static org.apache.hadoop.fs.Path path(String path) {
    return new org.apache.hadoop.fs.Path(path);
  }

  @Override
  public void close() throws IOException {
    jobs.forEach(SparkProcess::close);
  }
}
