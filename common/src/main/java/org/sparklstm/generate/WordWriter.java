package org.sparklstm.generate;

import java.io.IOException;
import java.io.UncheckedIOException;
import org.sparklstm.text.Vocabulary;
import org.sparklstm.text.WhiteSpace;

/** Writes words with a space between two and a line end for {@code <eos>}. */
public final class WordWriter {
  private final Appendable out;
  private boolean atLineStart;

  /**
   * A writer that begins with a text as it is.
   *
   * @throws UncheckedIOException if {@code out} fails, here and later
   */
  public WordWriter(String text, Appendable out) {
    this.out = out;
    append(text);
    this.atLineStart = text.isEmpty() || WhiteSpace.is(text.codePointBefore(text.length()));
  }

  /** Writes the next word. */
  public void add(String word) {
    boolean ends = word.equals(Vocabulary.END_OF_SENTENCE);
    if (ends) {
      append("\n");
    } else {
      append(atLineStart ? word : " " + word);
    }
    atLineStart = ends;
  }

  private void append(String text) {
    try {
      out.append(text);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}
