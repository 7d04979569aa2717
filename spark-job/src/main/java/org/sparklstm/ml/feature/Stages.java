package org.sparklstm.ml.feature;

import java.util.Arrays;
import java.util.List;
import org.apache.spark.ml.param.Params;
import org.apache.spark.ml.util.DefaultParamsReader;
import org.apache.spark.ml.util.DefaultParamsWriter;
import org.apache.spark.sql.SparkSession;
import org.apache.spark.sql.types.DataType;
import org.apache.spark.sql.types.DataTypes;
import org.apache.spark.sql.types.StructField;
import org.apache.spark.sql.types.StructType;
import scala.Option;

/** What the stages share: the checks of columns, and every call into Spark ML's own persistence. */
public final class Stages {
  /** array&lt;string&gt;: the words of a text. One may be null. */
  public static final DataType TOKENS = DataTypes.createArrayType(DataTypes.StringType);

  /** array&lt;int&gt; without null: word ids of a text. */
  public static final DataType IDS = DataTypes.createArrayType(DataTypes.IntegerType, false);

  private Stages() {}

  /**
   * Refuses a schema whose column is missing or of no such type.
   *
   * @param stage that asks, for the message
   * @param schema of the input
   * @param column that must be there
   * @param types of which the column must have one
   * @throws IllegalArgumentException naming the stage, the column and all types
   */
  public static void requireColumn(
      String stage, StructType schema, String column, DataType... types) {
    StructField field =
        Arrays.stream(schema.fields())
            .filter(f -> f.name().equals(column))
            .findFirst()
            .orElseThrow(
                () ->
                    new IllegalArgumentException(
                        "%s: no input column %s among %s"
                            .formatted(stage, column, String.join(", ", schema.fieldNames()))));
    String found = field.dataType().catalogString();
    List<String> allowed = Arrays.stream(types).map(DataType::catalogString).toList();
    if (!allowed.contains(found)) {
      throw new IllegalArgumentException(
          "%s: column %s must be %s, is %s"
              .formatted(stage, column, String.join(" or ", allowed), found));
    }
  }

  /**
   * Refuses a schema that already has a column to add.
   *
   * @param stage that asks, for the message
   * @param schema of the input
   * @param column that must not be there
   * @throws IllegalArgumentException naming the stage and the column
   */
  public static void requireAbsent(String stage, StructType schema, String column) {
    if (List.of(schema.fieldNames()).contains(column)) {
      throw new IllegalArgumentException("%s: column %s already exists".formatted(stage, column));
    }
  }

  /**
   * Writes {@code metadata/} as Spark's own stages do: class, identity, parameters and Spark's
   * version.
   *
   * @param stage to save
   * @param path directory of the stage, on any Hadoop file system
   * @param spark the session that writes
   */
  public static void saveMetadata(Params stage, String path, SparkSession spark) {
    DefaultParamsWriter.saveMetadata(
        stage, path, spark.sparkContext(), Option.empty(), Option.empty());
  }

  /**
   * Reads {@code metadata/}.
   *
   * @param path directory of the stage, on any Hadoop file system
   * @param spark the session that reads
   * @param stage the class that must have been saved
   * @return identity and parameters, for {@link #setParams}
   * @throws IllegalArgumentException if another class was saved
   */
  public static DefaultParamsReader.Metadata loadMetadata(
      String path, SparkSession spark, Class<?> stage) {
    return DefaultParamsReader.loadMetadata(path, spark.sparkContext(), stage.getName());
  }

  /**
   * Gives a stage the parameters that were saved.
   *
   * @param stage a new one, with the identity that was saved
   * @param metadata from {@link #loadMetadata}
   */
  public static void setParams(Params stage, DefaultParamsReader.Metadata metadata) {
    metadata.getAndSetParams(stage, Option.empty());
  }
}
