package org.sparklstm.it;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.jar.JarFile;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import javax.xml.parsers.DocumentBuilderFactory;
import javax.xml.xpath.XPathConstants;
import javax.xml.xpath.XPathFactory;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.sparklstm.testing.Corpus;
import org.w3c.dom.Element;
import org.w3c.dom.NodeList;

/** PtbTrain from the jar in local mode, each run a process of its own. */
class LocalModeIT {
  @TempDir Path directory;

  @ParameterizedTest(name = "local[{0}]")
  @ValueSource(ints = {1, 4}) // FaultIT has two
  void trainsWithOneWorkerForEachSlot(int slots) throws Exception {
    try (SparkProcess job = train(slots)) {
      assertThat(job.exitCode()).describedAs("exit code; it printed%n%s", job.errors()).isZero();
      assertThat(job.errors()).contains(slots + " workers on the engine onednn");
      assertThat(job.output())
          .hasSize(7)
          .satisfies(lines -> assertThat(lines.get(0)).isEqualTo("Epoch: 1 Learning rate: 1.000"));
    }
    assertThat(Files.readString(directory.resolve("run/model/config.conf")))
        .contains("workers=" + slots);
    assertThat(Files.readAllLines(directory.resolve("run/metrics.jsonl")))
        .anySatisfy(line -> assertThat(line).startsWith("{\"event\":\"round\",\"epoch\":1,"))
        .anySatisfy(line -> assertThat(line).startsWith("{\"event\":\"epoch\",\"epoch\":2,"))
        .last()
        .asString()
        .startsWith("{\"event\":\"test\",\"perplexity\":");
    try (Stream<Path> files = Files.walk(directory.resolve("run"))) {
      for (Path file : files.toList()) {
        assertThat(PosixFilePermissions.toString(Files.getPosixFilePermissions(file)))
            .describedAs("permissions of %s, where the user's umask is 027", file)
            .isEqualTo(Files.isDirectory(file) ? "rwxr-x---" : "rw-r-----");
      }
    }
  }

  @Test
  void aRunThatIsStoppedByASignalSaysHowToGoOn() throws Exception {
    try (SparkProcess job = train(2, "--set", "train.epochs=1000")) {
      Path metrics = directory.resolve("run/metrics.jsonl");
      job.await("metrics.jsonl", Duration.ofMinutes(5), () -> Files.exists(metrics));
      assertThat(job.errors()).doesNotContain("Cannot");
      job.terminate();

      assertThat(job.exitCode()).isEqualTo(128 + 15);
      assertThat(job.errors().lines())
          .last()
          .isEqualTo(
              "Stopped before the end; the same command with --resume continues from the newest"
                  + " checkpoint in "
                  + directory.resolve("run"));
    }
  }

  /** Spark's own reader would pass over the rest of the file. */
  @Test
  void aTruncatedFileIsRefusedThoughSparkIsToIgnoreIt() throws Exception {
    Path corpus = SmallCorpus.write(directory.resolve("corpus"));
    byte[] whole = Corpus.gzip(Files.readString(corpus.resolve("train.txt")));
    Files.delete(corpus.resolve("train.txt"));
    Files.write(corpus.resolve("train.txt.gz"), Arrays.copyOf(whole, whole.length / 2));
    List<String> ignore = new ArrayList<>();
    for (String key : List.of("files.ignoreCorruptFiles", "files.ignoreMissingFiles")) {
      ignore.addAll(List.of("--conf", "spark." + key + "=true"));
      ignore.addAll(List.of("--conf", "spark.sql." + key + "=true"));
    }

    try (SparkProcess job =
        SparkProcess.submit(
            directory.resolve("log"), "local[2]", ignore, "--data-path", corpus.toString())) {
      assertThat(job.exitCode()).isEqualTo(1);
      assertThat(job.errors().lines())
          .contains(
              "Cannot read corpus: file:%s/train.txt.gz: Unexpected end of input stream"
                  .formatted(corpus));
    }
  }

  @Test
  void withoutSparkSubmitALineSaysHowToRunIt() throws Exception {
    try (SparkProcess job =
        SparkProcess.java(directory.resolve("log"), System.getProperty("app.jar"), "PtbTrain")) {
      assertThat(job.exitCode()).isEqualTo(2);
      assertThat(job.errors())
          .isEqualTo(
              "Cannot run without Spark (there is no /spark-version-info.properties): run this jar"
                  + " with spark-submit");
    }
  }

  @Test
  void thePomThatIsPublishedMakesNobodyFetchMore() throws Exception {
    Path module = Path.of(System.getProperty("app.jar")).getParent().getParent();
    Path pom = module.resolve("dependency-reduced-pom.xml");
    NodeList scopes =
        (NodeList)
            XPathFactory.newInstance()
                .newXPath()
                .evaluate(
                    "/*/*[local-name()='dependencies']/*/*[local-name()='scope']",
                    DocumentBuilderFactory.newInstance().newDocumentBuilder().parse(pom.toFile()),
                    XPathConstants.NODESET);
    NodeList dependencies = scopes.item(0).getParentNode().getParentNode().getChildNodes();
    assertThat(
            IntStream.range(0, scopes.getLength()).mapToObj(i -> scopes.item(i).getTextContent()))
        .containsOnly("provided", "test")
        .hasSize(
            (int)
                IntStream.range(0, dependencies.getLength())
                    .filter(i -> dependencies.item(i) instanceof Element)
                    .count());
  }

  private static String text(JarFile jar, String entry) throws IOException {
    try (InputStream in = jar.getInputStream(jar.getEntry(entry))) {
      return new String(in.readAllBytes(), StandardCharsets.UTF_8);
    }
  }

  @Test
  void theJarHoldsNothingThatSparkBrings() throws IOException {
    try (JarFile jar = new JarFile(System.getProperty("app.jar"))) {
      assertThat(text(jar, "META-INF/LICENSE")).contains("Apache License");
      assertThat(text(jar, "META-INF/NOTICE")).contains("Spark LSTM", "OpenBLAS", "Jackson");
      assertThat(jar.stream().map(entry -> entry.getName()).filter(name -> name.endsWith(".class")))
          .contains("PtbTrain.class", "org/nd4j/linalg/factory/Nd4j.class")
          .noneMatch(
              name ->
                  name.startsWith("scala/")
                      || name.startsWith("org/slf4j/")
                      || name.startsWith("org/apache/hadoop/")
                      || name.startsWith("com/fasterxml/")
                      || (name.startsWith("org/apache/spark/")
                          // DL4J's own, in Spark's package
                          && !name.startsWith("org/apache/spark/TaskContextHelper")));
    }
  }

  private SparkProcess train(int slots, String... more) throws IOException {
    List<String> arguments = new ArrayList<>(SmallCorpus.SETTINGS);
    Path corpus = SmallCorpus.write(directory.resolve("corpus"));
    arguments.addAll(List.of("--data-path", corpus.toString()));
    arguments.addAll(List.of("--save-path", directory.resolve("run").toString()));
    arguments.addAll(List.of(more));
    return SparkProcess.submit(
        directory.resolve("log"), "local[%s]".formatted(slots), arguments.toArray(String[]::new));
  }
}
