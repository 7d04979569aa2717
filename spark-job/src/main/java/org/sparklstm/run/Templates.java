package org.sparklstm.run;

import com.samskivert.mustache.Mustache;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.util.Map;

/** The texts in which values are put. */
final class Templates {
  private Templates() {}

  /** A template of this package with its values, which are escaped for HTML. */
  static String fill(String template, Map<String, Object> values) {
    return Mustache.compiler().escapeHTML(true).compile(resource(template)).execute(values);
  }

  /** A file in UTF-8 on the class path, of this package or with the path from the root. */
  static String resource(String name) {
    try (InputStream in = Templates.class.getResourceAsStream(name)) {
      return new String(in.readAllBytes(), StandardCharsets.UTF_8);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}
