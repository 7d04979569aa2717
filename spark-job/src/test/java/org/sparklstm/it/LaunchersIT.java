package org.sparklstm.it;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** The scripts of {@code submit/}, started as people start them. */
class LaunchersIT {
  private static final Path ROOT =
      Path.of(System.getProperty("app.jar")).getParent().getParent().getParent();

  @TempDir Path directory;

  @ParameterizedTest
  @ValueSource(strings = {"local", "standalone", "yarn", "kubernetes", "spark-submit"})
  void aLinkIsFollowedFromAnyDirectoryAlsoWithACdPath(String script) throws Exception {
    Files.createDirectories(directory.resolve("elsewhere/submit"));
    Map<String, String> environment = environment();
    environment.put("CDPATH", directory.resolve("elsewhere").toString());

    assertThat(launch(script, environment, "--", "x"))
        .contains("org.apache.spark.deploy.SparkSubmit", ROOT + "/spark-job/target/spark-lstm.jar");
  }

  @Test
  void theEmbeddedCorpusIsOfThisMachine() throws Exception {
    assertThat(launch("local", environment())).contains("file://" + ROOT + "/data/austen");
    assertThat(launch("local", environment(), "--data-path", "mine"))
        .contains("mine")
        .noneMatch(argument -> argument.endsWith("/data/austen"));
  }

  @ParameterizedTest
  @CsvSource({
    "local, DRIVER_MEMORY, --driver-memory, SPARK_DRIVER_MEMORY=4g",
    "standalone, EXECUTOR_MEMORY, --executor-memory, SPARK_EXECUTOR_MEMORY=2g",
    "yarn, EXECUTOR_CORES, --executor-cores, SPARK_EXECUTOR_CORES=1",
    "kubernetes, WORKERS, --num-executors, SPARK_EXECUTOR_INSTANCES=4",
  })
  void sparkDefaultsConfDecidesWhatTheEnvironmentDoesNot(
      String script, String variable, String option, String fallback) throws Exception {
    Map<String, String> environment = environment();
    assertThat(launch(script, environment)).contains(fallback).doesNotContain(option);

    environment.put(variable, "7");
    assertThat(launch(script, environment)).containsSequence(option, "7");
  }

  /** In cron's locale, with Spark's and Hadoop's configuration of a cluster's edge node. */
  @Test
  void trainsOnAnEdgeNodeInThePosixLocaleWithPathsOutsideAscii() throws Exception {
    SmallCorpus.write(directory.resolve("corpus"));
    Path spark = Files.createDirectory(directory.resolve("spark-conf"));
    Files.writeString(
        spark.resolve("spark-defaults.conf"),
        """
        spark.driver.memory 700m
        spark.driver.extraJavaOptions -XshowSettings:vm -Dmine=1
        spark.sql.shuffle.partitions 4
        """);
    Path hadoop = Files.createDirectory(directory.resolve("hadoop-conf"));
    Files.writeString(
        hadoop.resolve("core-site.xml"),
        "<configuration><property><name>fs.defaultFS</name><value>hdfs://127.0.0.1:9</value>"
            + "</property></configuration>");
    // A script, because this JVM may have the POSIX locale too.
    Path script =
        Files.writeString(
            directory.resolve("train.sh"),
            """
            cd "$(dirname "$0")"
            mv corpus книги
            echo 'train.epochs = 1, vocabulary.size = 50' > мой.conf
            "$1" --model test --data-path "file://$PWD/книги" --save-path "file://$PWD/модель" \\
              --config мой.conf
            echo "rc $?"
            test -e модель/model/model.safetensors && echo saved
            """);
    Map<String, String> environment = new HashMap<>();
    environment.put("LC_ALL", "C");
    environment.put("SPARK_CONF_DIR", spark.toString());
    environment.put("HADOOP_CONF_DIR", hadoop.toString());

    List<String> printed = run(environment, script.toString(), ROOT + "/submit/local.sh");

    assertThat(printed)
        .contains("rc 0", "saved")
        .anySatisfy(line -> assertThat(line).contains("Max. Heap Size: 700.00M"));
  }

  /** With a Spark that prints what it is started with. */
  private Map<String, String> environment() throws IOException {
    Path bin = Files.createDirectories(directory.resolve("home/bin"));
    Path sparkClass = bin.resolve("spark-class");
    Files.writeString(sparkClass, "#!/bin/sh\nprintf '%s\\n' \"$@\"\nenv\n");
    Files.setPosixFilePermissions(sparkClass, PosixFilePermissions.fromString("rwxr-xr-x"));
    Map<String, String> environment = new HashMap<>();
    environment.put("SPARK_HOME", directory.resolve("home").toString());
    environment.put("HADOOP_CONF_DIR", directory.toString());
    environment.put("MASTER", "spark://host:7077");
    environment.put("IMAGE", "spark");
    return environment;
  }

  /** Starts a script by a link. */
  private List<String> launch(String script, Map<String, String> environment, String... arguments)
      throws Exception {
    Path link = directory.resolve("a link to " + script);
    Files.deleteIfExists(link);
    Files.createSymbolicLink(link, ROOT.resolve("submit/" + script + ".sh"));
    List<String> command = new ArrayList<>(List.of(link.toString()));
    command.addAll(List.of(arguments));
    return run(environment, command.toArray(String[]::new));
  }

  private List<String> run(Map<String, String> environment, String... command) throws Exception {
    Path log = directory.resolve("log");
    List<String> all = new ArrayList<>(List.of("bash"));
    all.addAll(List.of(command));
    ProcessBuilder builder =
        new ProcessBuilder(all)
            .directory(directory.toFile())
            .redirectErrorStream(true)
            .redirectOutput(log.toFile());
    builder.environment().keySet().removeIf(name -> name.matches("SPARK_.*|LC_.*|LANG"));
    builder.environment().put("JAVA_HOME", System.getProperty("java.home"));
    builder.environment().put("SPARK_LOCAL_IP", "127.0.0.1");
    builder.environment().putAll(environment);
    Process process = builder.start();
    try {
      assertThat(process.waitFor(5, TimeUnit.MINUTES)).isTrue();
    } finally {
      process.destroyForcibly();
    }
    List<String> printed = Files.readString(log, StandardCharsets.UTF_8).lines().toList();
    assertThat(process.exitValue()).describedAs(String.join("\n", printed)).isZero();
    return printed;
  }
}
