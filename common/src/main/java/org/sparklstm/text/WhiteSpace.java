package org.sparklstm.text;

/**
 * What separates words: the characters at which Python's {@code str.split()} splits, as the
 * tutorial does. These are Unicode's White_Space and the four separators U+001C to U+001F.
 */
public final class WhiteSpace {
  /** A regular expression for a run of white space, for {@link java.util.regex.Pattern}. */
  public static final String PATTERN = "[\\p{IsWhite_Space}\\x1C-\\x1F]+";

  private WhiteSpace() {}

  /** Whether a code point separates words. */
  public static boolean is(int codePoint) {
    return Character.isWhitespace(codePoint) // all but the next four
        || codePoint == 0x85 // next line
        || codePoint == 0xA0 // the no-break spaces
        || codePoint == 0x2007
        || codePoint == 0x202F;
  }
}
