package org.sparklstm.corpus;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.RowFactory;
import org.apache.spark.sql.SparkSession;
import org.apache.spark.sql.types.ArrayType;
import org.apache.spark.sql.types.DataType;
import org.apache.spark.sql.types.DataTypes;
import org.apache.spark.sql.types.StructType;
import org.junit.jupiter.api.Test;
import org.sparklstm.error.InputException;
import org.sparklstm.testing.LocalSpark;
import org.sparklstm.text.Normalization;

class TextsTest {
  private static Dataset<Row> rows(DataType type, Object... texts) {
    return LocalSpark.session()
        .createDataFrame(
            Arrays.stream(texts).map(RowFactory::create).toList(),
            new StructType().add("text", type));
  }

  private static List<String> words(Dataset<Row> rows, Normalization normalization) {
    try (Texts texts = Texts.ofColumns(rows, rows, "text", normalization)) {
      List<String> words = new ArrayList<>();
      texts.train().words().forEachRemaining(words::add);
      return words;
    }
  }

  @Test
  void stringsAndArraysAreNormalizedAlike() {
    List<String> normal = List.of("the", "cat", "-", "<eos>", "00", "dogs", "<eos>");
    Dataset<Row> strings = rows(DataTypes.StringType, "The CÁT—\n12  dogs");
    ArrayType array = DataTypes.createArrayType(DataTypes.StringType);
    Dataset<Row> arrays =
        rows(array, (Object) new String[] {"The", "CÁT—", "\u0007", "<eos>", "12", "dogs"});

    assertThat(words(strings, Normalization.CC_NET)).isEqualTo(normal);
    assertThat(words(arrays, Normalization.CC_NET)).isEqualTo(normal);
    assertThat(words(strings, Normalization.NONE))
        .containsExactly("The", "CÁT—", "<eos>", "12", "dogs", "<eos>");
  }

  /** Spark's own rules for errors, which other people's sessions may have. */
  @Test
  void textsAreReadByTheRulesOfAnsiSqlToo() {
    SparkSession spark = LocalSpark.session();
    spark.conf().set("spark.sql.ansi.enabled", "true");
    try {
      Dataset<Row> strings = rows(DataTypes.StringType, "a cat", "", "sat");

      assertThat(words(strings, Normalization.NONE))
          .containsExactly("a", "cat", "<eos>", "sat", "<eos>");
    } finally {
      spark.conf().unset("spark.sql.ansi.enabled");
    }
  }

  @Test
  void aTextThatCannotBeReadLeavesNoOtherInMemory() {
    DataType array = DataTypes.createArrayType(DataTypes.StringType);
    Dataset<Row> good = rows(array, (Object) new String[] {"a", "cat"});
    Dataset<Row> bad = rows(array, (Object) new String[] {"a", "", "cat"});

    int before = kept();

    assertThatThrownBy(() -> Texts.ofColumns(good, bad, "text", Normalization.NONE))
        .isInstanceOf(InputException.class)
        .hasMessageContaining("'' of column text is no word");
    assertThat(kept()).isEqualTo(before);
  }

  private static int kept() {
    return LocalSpark.session().sparkContext().getPersistentRDDs().size();
  }
}
