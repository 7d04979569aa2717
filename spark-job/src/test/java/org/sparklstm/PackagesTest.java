package org.sparklstm;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.regex.MatchResult;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

/**
 * The walls between packages: each imports only what its {@code package-info.java} says it may, and
 * those sentences together have no circle.
 */
class PackagesTest {
  private static final Pattern ALLOWED = Pattern.compile("May import ([^.]|\\.(?=\\w))*\\.");
  private static final Pattern CODE = Pattern.compile("\\{@code ([a-z0-9.]+)\\}");
  private static final Pattern USE = Pattern.compile("\\borg\\.sparklstm\\.([a-z0-9.]+)\\.[A-Z]");

  /** What the sentence of a {@code package-info.java} allows. */
  private static Set<String> allowed(String packageInfo) {
    return ALLOWED
        .matcher(packageInfo.replaceAll("\\s*\\n \\*\\s*", " "))
        .results()
        .flatMap(sentence -> CODE.matcher(sentence.group()).results())
        .map(name -> name.group(1))
        .collect(Collectors.toCollection(LinkedHashSet::new));
  }

  /** The packages of this project that the code of a file uses; comments do not count. */
  private static Set<String> used(String source) {
    String code = source.replaceAll("(?s)/\\*.*?\\*/", "").replaceAll("//.*", "");
    return USE.matcher(code)
        .results()
        .map((MatchResult use) -> use.group(1))
        .collect(Collectors.toCollection(LinkedHashSet::new));
  }

  /** The sources of all modules but the benchmarks. */
  private static List<Path> sources() throws IOException {
    try (Stream<Path> modules = Files.list(Path.of(".."))) {
      return modules
          .filter(module -> !module.endsWith("bench"))
          .map(module -> module.resolve("src/main/java/org/sparklstm"))
          .filter(Files::isDirectory)
          .toList();
    }
  }

  private static Map<String, List<Path>> packages() throws IOException {
    Map<String, List<Path>> packages = new TreeMap<>();
    for (Path top : sources()) {
      try (Stream<Path> files = Files.walk(top)) {
        for (Path file : files.filter(path -> path.toString().endsWith(".java")).toList()) {
          String name = top.relativize(file.getParent()).toString().replace('/', '.');
          packages.computeIfAbsent(name, key -> new ArrayList<>()).add(file);
        }
      }
    }
    return packages;
  }

  private static Map<String, Set<String>> walls() throws IOException {
    Map<String, Set<String>> walls = new TreeMap<>();
    for (Map.Entry<String, List<Path>> entry : packages().entrySet()) {
      Path info =
          entry.getValue().stream()
              .filter(file -> file.endsWith("package-info.java"))
              .findFirst()
              .orElseThrow(() -> new AssertionError(entry.getKey() + " has no package-info.java"));
      walls.put(entry.getKey(), allowed(Files.readString(info)));
    }
    return walls;
  }

  @Test
  void noPackageImportsMoreThanItsPackageInfoAllows() throws IOException {
    Map<String, Set<String>> walls = walls();
    List<String> arrows = new ArrayList<>();
    for (Map.Entry<String, List<Path>> entry : packages().entrySet()) {
      for (Path file : entry.getValue()) {
        for (String used : used(Files.readString(file))) {
          if (!used.equals(entry.getKey()) && !walls.get(entry.getKey()).contains(used)) {
            arrows.add("%s imports %s".formatted(file, used));
          }
        }
      }
    }
    assertThat(arrows).isEmpty();
  }

  @Test
  void everyArrowThatIsAllowedIsUsed() throws IOException {
    List<String> unused = new ArrayList<>();
    for (Map.Entry<String, List<Path>> entry : packages().entrySet()) {
      Set<String> used = new LinkedHashSet<>();
      for (Path file : entry.getValue()) {
        used.addAll(used(Files.readString(file)));
      }
      for (String allowed : walls().get(entry.getKey())) {
        if (!used.contains(allowed)) {
          unused.add("%s may import %s, but does not".formatted(entry.getKey(), allowed));
        }
      }
    }
    assertThat(unused).isEmpty();
  }

  @Test
  void packagesHaveNoCircle() throws IOException {
    Map<String, Set<String>> left = walls();
    for (boolean removed = true; removed; ) {
      removed =
          left.entrySet()
              .removeIf(entry -> left.keySet().stream().noneMatch(entry.getValue()::contains));
    }
    assertThat(left).isEmpty();
  }

  @Test
  void bothModulesAreRead() throws IOException {
    assertThat(packages()).containsKeys("engine", "train", "averaging", "app");
  }

  @Test
  void aWrongArrowWouldBeSeen() {
    assertThat(used("import org.sparklstm.app.TrainJob;")).containsExactly("app");
    assertThat(used("x = new org.sparklstm.engine.dl4j.Dl4jEngine();"))
        .containsExactly("engine.dl4j");
    assertThat(used("/** {@link org.sparklstm.app.TrainJob} */ // org.sparklstm.cli.X")).isEmpty();
    assertThat(allowed("<p>May import {@code a}, {@code b.c}, {@code d}. Not {@code e}."))
        .containsExactly("a", "b.c", "d");
  }
}
