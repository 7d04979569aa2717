package org.sparklstm;

import com.sun.source.util.JavacTask;
import java.io.IOException;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;
import javax.tools.Diagnostic;
import javax.tools.JavaFileObject;
import javax.tools.SimpleJavaFileObject;
import javax.tools.ToolProvider;

/** The Java sources of this project, for tests that read them. */
final class Sources {
  private Sources() {}

  /** The files of the modules without their tests. */
  static List<Path> files() throws IOException {
    List<Path> sources = new ArrayList<>();
    for (String module : List.of("common", "engine-torch", "spark-job")) {
      try (Stream<Path> files = Files.walk(Path.of("..", module, "src/main/java"))) {
        files.filter(file -> file.toString().endsWith(".java")).forEach(sources::add);
      }
    }
    return sources;
  }

  /** A compiler that parses texts; one that is not Java fails. */
  static JavacTask parser(List<JavaFileObject> texts) {
    return (JavacTask)
        ToolProvider.getSystemJavaCompiler()
            .getTask(null, null, Sources::fail, List.of("-proc:none"), null, texts);
  }

  private static void fail(Diagnostic<?> diagnostic) {
    if (diagnostic.getKind() == Diagnostic.Kind.ERROR) {
      throw new AssertionError(diagnostic);
    }
  }

  /** A text as a file of a given name. */
  static JavaFileObject text(URI name, String text) {
    return new SimpleJavaFileObject(name, JavaFileObject.Kind.SOURCE) {
      @Override
      public CharSequence getCharContent(boolean ignoreEncodingErrors) {
        return text;
      }
    };
  }
}
