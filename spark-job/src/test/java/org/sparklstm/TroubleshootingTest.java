package org.sparklstm;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashSet;
import java.util.List;
import java.util.NavigableSet;
import java.util.Set;
import java.util.TreeSet;
import java.util.regex.MatchResult;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

/** {@code docs/guides/troubleshooting.md} has each error message that the program can print. */
class TroubleshootingTest {
  private static final Path GUIDE = Path.of("../docs/guides/troubleshooting.md");

  /** A row of a table: the message in a code span, and what to do about it. */
  private static final Pattern ROW = Pattern.compile("(?m)^\\| `([^`]+)` \\|(.*)\\|$");

  /** Their messages are printed as they are, or behind the colon of another. */
  private static final Set<String> EXCEPTIONS =
      Set.of(
          "ConfigurationException",
          "InputException",
          "TrainingException",
          "IOException",
          "EOFException",
          "ConfigException.Generic");

  /** Where a wrong argument is the user's, and its message becomes that of another exception. */
  private static final List<String> PASSED_ON =
      List.of(
          "IndexToWord.java",
          "LstmLm.java",
          "LstmLmModel.java",
          "LstmShape.java",
          "OnnxModel.java",
          "Sampler.java",
          "ScoringParams.java",
          "Stages.java",
          "Tokenizer.java",
          "Vocabulary.java",
          "VocabularyIndexerModel.java");

  @Test
  void theGuideHasEachMessageAndNoOther() throws IOException {
    List<String> wrong = wrong(messages(), documented(Files.readString(GUIDE)));
    assertThat(wrong).withFailMessage(GUIDE + "\n" + String.join("\n", wrong)).isEmpty();
  }

  @Test
  void theGuideSaysWhatToDo() throws IOException {
    assertThat(ROW.matcher(Files.readString(GUIDE)).results())
        .allSatisfy(row -> assertThat(row.group(2)).describedAs(row.group()).isNotBlank());
  }

  @Test
  void eachFileThatPassesMessagesOnIsRead() throws IOException {
    assertThat(Sources.files())
        .extracting(file -> file.getFileName().toString())
        .containsAll(PASSED_ON);
  }

  /** What to change in the guide, in rows to paste and to remove. */
  private static List<String> wrong(NavigableSet<String> messages, List<String> documented) {
    List<String> wrong = new ArrayList<>();
    rows("Missing:", messages.stream().filter(message -> !documented.contains(message)), wrong);
    rows(
        "No longer in the program:",
        documented.stream().filter(message -> !messages.contains(message)),
        wrong);
    Set<String> before = new HashSet<>();
    rows("Twice:", documented.stream().filter(message -> !before.add(message)), wrong);
    return wrong;
  }

  private static void rows(String title, Stream<String> messages, List<String> lines) {
    List<String> rows = messages.map("| `%s` | |"::formatted).toList();
    if (!rows.isEmpty()) {
      lines.add(title);
      lines.addAll(rows);
    }
  }

  private static List<String> documented(String guide) {
    return ROW.matcher(guide)
        .results()
        .map((MatchResult row) -> row.group(1).replaceAll("\\s+", " ").strip())
        .toList();
  }

  private static NavigableSet<String> messages() throws IOException {
    NavigableSet<String> messages = new TreeSet<>();
    for (Path file : Sources.files()) {
      Set<String> exceptions = new HashSet<>(EXCEPTIONS);
      if (PASSED_ON.contains(file.getFileName().toString())) {
        exceptions.add("IllegalArgumentException");
      }
      messages.addAll(ErrorMessages.in(Files.readString(file), exceptions));
    }
    return messages;
  }

  private static Collection<String> in(String members) {
    return ErrorMessages.in("class A { %s }".formatted(members), Set.of("BadException"));
  }

  @Test
  void whatOnlyTheRunKnowsIsOpen() {
    assertThat(
            in("void a(int n) { throw new BadException(\"Cannot use \" + n + \": \" + b.c()); }"))
        .containsExactly("Cannot use …: …");
    assertThat(
            in(
                """
                BadException a = new BadException(
                    ("Cannot use %s:"
                            + " it is %,d and %.1f%s, 5 %%")
                        .formatted(b, 1, 2.0, c));
                """))
        .containsExactly("Cannot use …: it is … and …, 5 %");
    assertThat(
            in("Object a = new BadException(String.format(Locale.ROOT, \"At %s\", \"a b\"), e);"))
        .containsExactly("At a b");
    assertThat(in("Object a = BadException.ofTask(\"At %s\".formatted(b));"))
        .containsExactly("At …");
  }

  @Test
  void eachBranchIsAMessage() {
    assertThat(
            in(
                "Object a = new BadException(b ? \"Is %s\".formatted(c ? \"\" : \"no b\") : \"x y\");"))
        .containsExactly("Is", "Is no b", "x y");
  }

  @Test
  void aMessageIsFollowedToItsWords() {
    assertThat(
            in(
                """
                void first() { throw bad("key", "at least " + 1); }
                void second(String rule) { throw bad("key", rule); }
                BadException bad(String key, String rule) {
                  return new BadException("%s must be %s".formatted(key, rule) + advice(rule));
                }
                String advice(String rule) {
                  if (rule.isEmpty()) {
                    return "";
                  }
                  return ": see the guide";
                }
                """))
        .containsExactly(
            "… must be at least …",
            "… must be at least …: see the guide",
            "… must be …",
            "… must be …: see the guide");
    assertThat(
            in(
                """
                String why = null;
                void first() { why = "No task for %s s".formatted(limit); }
                void second() { throw new BadException(why, cause); }
                """))
        .containsExactly("No task for … s");
  }

  @Test
  void whatHasNoWordsIsNoMessage() {
    assertThat(
            in(
                """
                void a(Exception e) { throw new BadException(e.getMessage(), e); }
                void b(String why) { throw new BadException(why); }
                void c() { throw new OtherException("other"); }
                // throw new BadException("comment")
                """))
        .isEmpty();
  }

  @Test
  void whatIsWrongWithTheGuideIsReadyToPaste() {
    assertThat(
            wrong(
                new TreeSet<>(Set.of("a …", "b")),
                documented("| `b` | do |\n| `b` | do |\n| `c  d` | do |\n")))
        .containsExactly(
            "Missing:",
            "| `a …` | |",
            "No longer in the program:",
            "| `c d` | |",
            "Twice:",
            "| `b` | |");
  }
}
