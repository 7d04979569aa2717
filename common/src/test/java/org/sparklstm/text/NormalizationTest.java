package org.sparklstm.text;

import static org.assertj.core.api.Assertions.assertThat;

import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class NormalizationTest {
  @ParameterizedTest
  @CsvSource(
      quoteCharacter = '^',
      value = {
        "The Élan of ÅNGSTRÖM | the elan of angstrom",
        "1,234 and ٣ and 12th | 0,000 and 0 and 00th",
        "“so”, «she» said… | \"so\", \"she\" said...",
        "it’s—perhaps – 5％ | it's - perhaps - 0%",
        "你好。【再见】？ | 你好.[再见]?",
        "a\u0007b\u0090c\td\u0085e | abc\td\u0085e",
        "<UNK> <eos> 😀 | <unk> <eos> 😀"
      },
      delimiter = '|')
  void ccNetHasFiveSteps(String text, String normal) {
    assertThat(Normalization.CC_NET.apply(text)).isEqualTo(normal);
    assertThat(Normalization.NONE.apply(text)).isEqualTo(text);
  }

  @Property
  void nothingIsLeftThatCcNetRemoves(@ForAll String text) {
    assertThat(Normalization.CC_NET.apply(text))
        .doesNotContainPattern("[\\p{Mn}\\p{Nd}&&[^0]]|[\\p{Cc}&&[^\\s\\x1C-\\x1F\\x85]]|[“”’…—。]");
  }
}
