package org.sparklstm;

import static org.assertj.core.api.Assertions.assertThat;

import com.sun.source.tree.ClassTree;
import com.sun.source.tree.CompilationUnitTree;
import com.sun.source.tree.MethodTree;
import com.sun.source.tree.ModifiersTree;
import com.sun.source.tree.Tree;
import com.sun.source.tree.VariableTree;
import com.sun.source.util.DocTrees;
import com.sun.source.util.JavacTask;
import com.sun.source.util.TreePath;
import com.sun.source.util.TreePathScanner;
import java.io.IOException;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import javax.lang.model.element.Modifier;
import javax.tools.JavaFileObject;
import org.junit.jupiter.api.Test;

/**
 * Everything public has a comment. The compiler refuses comments that are wrong in themselves: see
 * {@code -Xdoclint} in {@code pom.xml}.
 */
class JavadocTest {

  /** What is public in a source and has no comment. */
  private static List<String> uncommented(List<JavaFileObject> sources) throws IOException {
    JavacTask task = Sources.parser(sources);
    Finder finder = new Finder(DocTrees.instance(task));
    for (CompilationUnitTree unit : task.parse()) {
      finder.scan(unit, null);
    }
    return finder.found;
  }

  private static final class Finder extends TreePathScanner<Void, Void> {
    private final DocTrees docs;
    private final List<String> found = new ArrayList<>();

    Finder(DocTrees docs) {
      this.docs = docs;
    }

    /** What is in a class that is not public is not public. */
    @Override
    public Void visitClass(ClassTree type, Void none) {
      if (isPublic(type.getModifiers())) {
        require(type.getSimpleName().toString());
        return super.visitClass(type, null);
      }
      return null;
    }

    /** A record's parameters stand in the comment of the record, and so does an override above. */
    @Override
    public Void visitMethod(MethodTree method, Void none) {
      boolean overrides =
          method.getModifiers().getAnnotations().stream()
              .anyMatch(annotation -> annotation.getAnnotationType().toString().equals("Override"));
      boolean ofRecord = method.getReturnType() == null && isIn(Tree.Kind.RECORD);
      if (isPublic(method.getModifiers()) && !overrides && !ofRecord) {
        require(method.getName() + "()");
      }
      return null; // what is in a method is not public
    }

    /** The constants of an enum may speak for themselves. */
    @Override
    public Void visitVariable(VariableTree field, Void none) {
      if (isPublic(field.getModifiers()) && !isIn(Tree.Kind.ENUM)) {
        require(field.getName().toString());
      }
      return null;
    }

    private boolean isIn(Tree.Kind kind) {
      TreePath parent = getCurrentPath().getParentPath();
      return parent != null && parent.getLeaf().getKind() == kind;
    }

    private boolean isPublic(ModifiersTree modifiers) {
      return modifiers.getFlags().contains(Modifier.PUBLIC)
          || (isIn(Tree.Kind.INTERFACE) && !modifiers.getFlags().contains(Modifier.PRIVATE));
    }

    private void require(String name) {
      TreePath path = getCurrentPath();
      if (docs.getDocComment(path) == null) {
        String file = path.getCompilationUnit().getSourceFile().getName();
        found.add(file.substring(file.lastIndexOf('/') + 1) + " " + name);
      }
    }
  }

  @Test
  void everythingPublicHasAComment() throws IOException {
    List<JavaFileObject> sources = new ArrayList<>();
    for (Path file : Sources.files()) {
      sources.add(Sources.text(file.toUri(), Files.readString(file)));
    }

    assertThat(sources).hasSizeGreaterThan(100);
    assertThat(uncommented(sources)).isEmpty();
  }

  @Test
  void whatHasNoCommentIsNamed() throws IOException {
    String source =
        """
        /** A class. */
        public class Example {
          public static final int FIELD = 1;
          /** A number. */
          public int commented;
          public void method() {}
          @Override public String toString() { return ""; }
          public record Inner(int x) { public Inner {} }
          class Hidden { public void method() {} }
        }
        """;

    assertThat(uncommented(List.of(Sources.text(URI.create("string:///Example.java"), source))))
        .containsExactly("Example.java FIELD", "Example.java method()", "Example.java Inner");
  }
}
