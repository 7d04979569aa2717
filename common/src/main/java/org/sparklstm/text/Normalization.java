package org.sparklstm.text;

import java.text.Normalizer;
import java.util.Locale;
import java.util.Map;
import java.util.stream.Collectors;

/** What is done with a text before it is cut into words, in training as in scoring. */
public enum Normalization {
  /** Nothing. */
  NONE,

  /**
   * The five steps of Wenzek et al. 2020, "CCNet", before its language models: lower case, no
   * accents (characters of Unicode's class Mn after canonical decomposition), each digit is 0,
   * punctuation of other scripts becomes that of ASCII, no control characters. Control characters
   * that are white space stay, because here they separate words and lines.
   */
  CC_NET {
    @Override
    public String apply(String text) {
      StringBuilder normal = new StringBuilder(text.length());
      Normalizer.normalize(text.toLowerCase(Locale.ROOT), Normalizer.Form.NFD)
          .codePoints()
          .forEach(c -> append(c, normal));
      return normal.toString();
    }
  };

  private static final Map<Integer, String> ASCII =
      Map.ofEntries(
              Map.entry("\"", "„”“«»「」《》"),
              Map.entry("'", "´’"),
              Map.entry(",", "，、"),
              Map.entry(".", "。"),
              Map.entry(". ", "．"),
              Map.entry("...", "…"),
              Map.entry(":", "：∶"),
              Map.entry(";", "；"),
              Map.entry("?", "？"),
              Map.entry("!", "！"),
              Map.entry("(", "（"),
              Map.entry(")", "）"),
              Map.entry("[", "【"),
              Map.entry("]", "】"),
              Map.entry("<", "〈"),
              Map.entry(">", "〉"),
              Map.entry("%", "％"),
              Map.entry("~", "～"),
              Map.entry(" - ", "—"),
              Map.entry("-", "–━►"))
          .entrySet()
          .stream()
          .flatMap(entry -> entry.getValue().chars().mapToObj(c -> Map.entry(c, entry.getKey())))
          .collect(Collectors.toUnmodifiableMap(Map.Entry::getKey, Map.Entry::getValue));

  /** The text as the model reads it. */
  public String apply(String text) {
    return text;
  }

  private static void append(int c, StringBuilder normal) {
    switch (Character.getType(c)) {
      case Character.NON_SPACING_MARK -> {}
      case Character.DECIMAL_DIGIT_NUMBER -> normal.append('0');
      case Character.CONTROL -> {
        if (WhiteSpace.is(c)) {
          normal.append((char) c);
        }
      }
      default -> {
        String ascii = ASCII.get(c);
        if (ascii == null) {
          normal.appendCodePoint(c);
        } else {
          normal.append(ascii);
        }
      }
    }
  }
}
