package org.sparklstm;

import com.sun.source.tree.AssignmentTree;
import com.sun.source.tree.BinaryTree;
import com.sun.source.tree.CompilationUnitTree;
import com.sun.source.tree.ConditionalExpressionTree;
import com.sun.source.tree.ExpressionTree;
import com.sun.source.tree.IdentifierTree;
import com.sun.source.tree.LambdaExpressionTree;
import com.sun.source.tree.LiteralTree;
import com.sun.source.tree.MemberSelectTree;
import com.sun.source.tree.MethodInvocationTree;
import com.sun.source.tree.MethodTree;
import com.sun.source.tree.NewClassTree;
import com.sun.source.tree.ParenthesizedTree;
import com.sun.source.tree.ReturnTree;
import com.sun.source.tree.Tree;
import com.sun.source.tree.VariableTree;
import com.sun.source.util.TreeScanner;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.URI;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.NavigableSet;
import java.util.Set;
import java.util.TreeSet;
import java.util.function.Predicate;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;

/**
 * The messages of the exceptions that a Java source makes, as templates: what only a run knows is
 * {@code …}. The compiler's own parser reads the source.
 *
 * <p>A message is followed to where its words are. A helper method that takes a part of the message
 * gives a template for each of its calls in the same source. A part that a method of the same
 * source returns gives one for each {@code return}, and a message in a variable one for each
 * assignment. Of such parts only phrases count, which have a space: a name or a key is {@code …}.
 */
final class ErrorMessages {
  private static final String OPEN = "…";
  private static final List<String> UNKNOWN = List.of(OPEN);
  private static final Pattern SPECIFIER =
      Pattern.compile("%(\\d+\\$)?[-#+ 0,(<]*\\d*(\\.\\d+)?[a-zA-Z%]");

  private final Set<String> exceptions;
  private final List<MethodTree> methods = new ArrayList<>();
  private final List<MethodInvocationTree> calls = new ArrayList<>();
  private final Map<String, List<ExpressionTree>> assigned = new HashMap<>();
  private final Set<MethodTree> followed = new HashSet<>(); // at the moment
  private final NavigableSet<String> found = new TreeSet<>();

  private ErrorMessages(Set<String> exceptions) {
    this.exceptions = exceptions;
  }

  /**
   * The templates of a source.
   *
   * @param source of one file
   * @param exceptions names of their classes, as the source writes them
   */
  static NavigableSet<String> in(String source, Set<String> exceptions) {
    CompilationUnitTree unit = parse(source);
    ErrorMessages messages = new ErrorMessages(exceptions);
    unit.accept(messages.new Collector(), null);
    unit.accept(messages.new Finder(), null);
    return messages.found;
  }

  private static CompilationUnitTree parse(String source) {
    URI name = URI.create("string:///Source.java");
    try {
      return Sources.parser(List.of(Sources.text(name, source))).parse().iterator().next();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /** Finds what messages may be followed through. */
  private final class Collector extends TreeScanner<Void, Void> {
    @Override
    public Void visitMethod(MethodTree method, Void none) {
      methods.add(method);
      return super.visitMethod(method, null);
    }

    @Override
    public Void visitMethodInvocation(MethodInvocationTree call, Void none) {
      calls.add(call);
      return super.visitMethodInvocation(call, null);
    }

    @Override
    public Void visitVariable(VariableTree variable, Void none) {
      if (variable.getInitializer() != null) {
        assign(variable.getName().toString(), variable.getInitializer());
      }
      return super.visitVariable(variable, null);
    }

    @Override
    public Void visitAssignment(AssignmentTree assignment, Void none) {
      assign(assignment.getVariable().toString(), assignment.getExpression());
      return super.visitAssignment(assignment, null);
    }

    private void assign(String name, ExpressionTree value) {
      assigned.computeIfAbsent(name, key -> new ArrayList<>()).add(value);
    }
  }

  /** Finds the exceptions, within a method or null. */
  private final class Finder extends TreeScanner<Void, MethodTree> {
    @Override
    public Void visitMethod(MethodTree method, MethodTree outer) {
      return super.visitMethod(method, method);
    }

    @Override
    public Void visitNewClass(NewClassTree made, MethodTree method) {
      if (exceptions.contains(made.getIdentifier().toString())) {
        add(made.getArguments(), method);
      }
      return super.visitNewClass(made, method);
    }

    /** A factory of the exception's class, as {@code InputException.ofTask(message)}. */
    @Override
    public Void visitMethodInvocation(MethodInvocationTree call, MethodTree method) {
      if (call.getMethodSelect() instanceof MemberSelectTree select
          && exceptions.contains(select.getExpression().toString())) {
        add(call.getArguments(), method);
      }
      return super.visitMethodInvocation(call, method);
    }

    private void add(List<? extends ExpressionTree> arguments, MethodTree method) {
      if (arguments.isEmpty()) {
        return;
      }
      List<ExpressionTree> messages = List.of(arguments.get(0));
      if (arguments.get(0) instanceof IdentifierTree name
          && !parameters(method).contains(name(name))) {
        messages = assigned.getOrDefault(name(name), List.of());
      }
      for (ExpressionTree message : messages) {
        for (Map<String, List<String>> given : given(method)) {
          texts(message, given).stream()
              .map(ErrorMessages::template)
              .filter(ErrorMessages::hasLetter)
              .forEach(found::add);
        }
      }
    }
  }

  private static String name(IdentifierTree identifier) {
    return identifier.getName().toString();
  }

  private static List<String> parameters(MethodTree method) {
    return method == null
        ? List.of()
        : method.getParameters().stream().map(parameter -> parameter.getName().toString()).toList();
  }

  /** What a method is given for its parameters, for each of its calls; one empty map if none. */
  private List<Map<String, List<String>>> given(MethodTree method) {
    List<String> parameters = parameters(method);
    List<Map<String, List<String>>> given = new ArrayList<>();
    for (MethodInvocationTree call : calls) {
      if (method != null && calls(call, method)) {
        Map<String, List<String>> values = new HashMap<>();
        for (int i = 0; i < parameters.size(); i++) {
          values.put(parameters.get(i), phrases(texts(call.getArguments().get(i), Map.of())));
        }
        given.add(values);
      }
    }
    return given.isEmpty() ? List.of(Map.of()) : given;
  }

  private static boolean calls(MethodInvocationTree call, MethodTree method) {
    return call.getMethodSelect() instanceof IdentifierTree called
        && called.getName().equals(method.getName())
        && call.getArguments().size() == method.getParameters().size();
  }

  /** All that an expression may be. */
  private List<String> texts(ExpressionTree expression, Map<String, List<String>> given) {
    if (expression instanceof ParenthesizedTree inner) {
      return texts(inner.getExpression(), given);
    }
    if (expression instanceof LiteralTree literal && literal.getValue() instanceof String text) {
      return List.of(text);
    }
    if (expression instanceof BinaryTree sum && sum.getKind() == Tree.Kind.PLUS) {
      return joined(texts(sum.getLeftOperand(), given), texts(sum.getRightOperand(), given));
    }
    if (expression instanceof ConditionalExpressionTree choice) {
      return Stream.of(choice.getTrueExpression(), choice.getFalseExpression())
          .flatMap(either -> texts(either, given).stream())
          .toList();
    }
    if (expression instanceof IdentifierTree identifier) {
      return given.getOrDefault(name(identifier), UNKNOWN);
    }
    return expression instanceof MethodInvocationTree call ? result(call, given) : UNKNOWN;
  }

  private List<String> result(MethodInvocationTree call, Map<String, List<String>> given) {
    List<? extends ExpressionTree> arguments = call.getArguments();
    if (call.getMethodSelect() instanceof MemberSelectTree select) {
      if (select.getIdentifier().contentEquals("formatted")) {
        return formatted(select.getExpression(), arguments, given);
      }
      if (select.toString().equals("String.format")) {
        int format = arguments.get(0).toString().startsWith("Locale.") ? 1 : 0;
        return formatted(
            arguments.get(format), arguments.subList(format + 1, arguments.size()), given);
      }
      return UNKNOWN;
    }
    return methods.stream()
        .filter(method -> calls(call, method))
        .findFirst()
        .map(this::returned)
        .orElse(UNKNOWN);
  }

  private List<String> formatted(
      ExpressionTree format,
      List<? extends ExpressionTree> arguments,
      Map<String, List<String>> given) {
    List<List<String>> values =
        arguments.stream().map(argument -> phrases(texts(argument, given))).toList();
    return texts(format, given).stream().flatMap(text -> formatted(text, values).stream()).toList();
  }

  private static List<String> formatted(String format, List<List<String>> values) {
    List<String> texts = List.of("");
    int end = 0;
    int next = 0;
    Matcher specifier = SPECIFIER.matcher(format);
    while (specifier.find()) {
      List<String> value =
          switch (format.charAt(specifier.end() - 1)) {
            case '%' -> List.of("%");
            case 'n' -> List.of(" ");
            default -> next < values.size() ? values.get(next++) : UNKNOWN;
          };
      texts = joined(joined(texts, List.of(format.substring(end, specifier.start()))), value);
      end = specifier.end();
    }
    return joined(texts, List.of(format.substring(end)));
  }

  /** What a method may return, whatever it is given. */
  private List<String> returned(MethodTree method) {
    if (method.getBody() == null || !followed.add(method)) {
      return UNKNOWN;
    }
    List<String> texts = new ArrayList<>();
    TreeScanner<Void, Void> returns =
        new TreeScanner<>() {
          @Override
          public Void visitReturn(ReturnTree end, Void none) {
            if (end.getExpression() != null) {
              texts.addAll(phrases(texts(end.getExpression(), Map.of())));
            }
            return null;
          }

          @Override
          public Void visitLambdaExpression(LambdaExpressionTree lambda, Void none) {
            return null; // its returns are not the method's
          }
        };
    method.getBody().accept(returns, null);
    followed.remove(method);
    return texts.isEmpty() ? UNKNOWN : texts;
  }

  private static List<String> joined(List<String> starts, List<String> ends) {
    return starts.stream().flatMap(start -> ends.stream().map(end -> start + end)).toList();
  }

  /** Keeps phrases and nothing at all; what else there is may be anything. */
  private static List<String> phrases(List<String> texts) {
    Predicate<String> isPhrase = text -> text.contains(" ") && hasLetter(text);
    return texts.stream()
        .map(text -> text.isEmpty() || isPhrase.test(text) ? text : OPEN)
        .distinct()
        .toList();
  }

  private static boolean hasLetter(String text) {
    return text.codePoints().anyMatch(Character::isLetter);
  }

  private static String template(String text) {
    return text.replaceAll("…+", OPEN).replaceAll("\\s+", " ").strip();
  }
}
