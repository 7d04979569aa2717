package org.sparklstm.engine;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.File;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import java.util.stream.Collectors;
import org.sparklstm.model.LstmShape;

/** A replica made in another Java, for tests of what an engine lacks. */
public final class OtherJava {
  private OtherJava() {}

  /** This class path without the jars whose names match. */
  public static String classPathWithout(String jars) {
    return Arrays.stream(System.getProperty("java.class.path").split(File.pathSeparator))
        .filter(entry -> !Path.of(entry).getFileName().toString().matches(jars))
        .collect(Collectors.joining(File.pathSeparator));
  }

  /**
   * What the other Java prints: the class of the replica that an engine makes, or why it makes
   * none.
   *
   * @param environment variables that it has besides
   * @param options of the JVM
   */
  public static String replica(
      String engine,
      Precision precision,
      String classPath,
      Map<String, String> environment,
      String... options)
      throws Exception {
    List<String> command = new ArrayList<>();
    command.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
    command.addAll(List.of(options));
    command.addAll(
        List.of("-cp", classPath, OtherJava.class.getName(), engine, precision.toString()));
    ProcessBuilder builder = new ProcessBuilder(command).redirectErrorStream(true);
    builder.environment().putAll(environment);
    Process process = builder.start();
    String output = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
    assertThat(process.waitFor(1, TimeUnit.MINUTES)).isTrue();
    return output;
  }

  /** Takes the engine's name and the precision. */
  public static void main(String[] args) {
    LstmShape shape = new LstmShape(11, 3, 1);
    Precision precision = Precision.valueOf(args[1]);
    try (Replica replica = Replicas.of(Engines.find(args[0]), shape, 2, precision)) {
      System.out.println(replica.getClass().getSimpleName());
    } catch (IllegalStateException e) {
      System.out.println(e.getMessage());
    }
  }
}
