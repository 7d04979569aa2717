package org.sparklstm.documents;

import static org.apache.spark.sql.functions.col;
import static org.apache.spark.sql.functions.concat;
import static org.apache.spark.sql.functions.count;
import static org.apache.spark.sql.functions.first;
import static org.apache.spark.sql.functions.input_file_name;
import static org.apache.spark.sql.functions.length;
import static org.apache.spark.sql.functions.lit;
import static org.apache.spark.sql.functions.min;
import static org.apache.spark.sql.functions.not;
import static org.apache.spark.sql.functions.rtrim;
import static org.apache.spark.sql.functions.struct;
import static org.apache.spark.sql.functions.to_json;
import static org.apache.spark.sql.functions.udf;
import static org.apache.spark.sql.functions.when;

import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.DeserializationFeature;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import org.apache.spark.sql.Column;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.RowFactory;
import org.apache.spark.sql.SaveMode;
import org.apache.spark.sql.SparkSession;
import org.apache.spark.sql.api.java.UDF1;
import org.apache.spark.sql.types.DataTypes;
import org.apache.spark.sql.types.StructType;
import org.sparklstm.error.InputException;

/**
 * Documents in files of any Hadoop file system. Fields that are added go behind those that a
 * document has, which stay as they are, to the byte in JSON.
 *
 * @param rows one a document; columns of Parquet, or else what {@link #write} needs
 * @param textColumn column of the text
 */
public record Documents(Format format, Dataset<Row> rows, String textColumn, boolean compressed) {
  private static final String RAW = "raw"; // a line of JSON
  private static final String TEXT = "text";
  private static final ObjectMapper JSON =
      new ObjectMapper()
          .enable(DeserializationFeature.FAIL_ON_TRAILING_TOKENS)
          .enable(JsonParser.Feature.STRICT_DUPLICATE_DETECTION);
  private static final StructType PARSED =
      new StructType()
          .add("text", DataTypes.StringType)
          .add("fault", DataTypes.StringType)
          .add("fields", DataTypes.StringType);

  /** What the files are. */
  public enum Format {
    /** A document a line, and lines of JSON out. */
    TEXT,
    /** A JSON object a line. */
    JSON,
    /** A document a row. */
    PARQUET
  }

  /**
   * Finds the documents. Lines of JSON are all looked at.
   *
   * @param inputs files or directories
   * @param textField field of the text
   * @param added names of fields that will be added
   * @throws InputException naming the file and what is wrong with a document
   */
  public static Documents read(
      SparkSession spark,
      Format format,
      List<String> inputs,
      String textField,
      List<String> added) {
    String[] paths = inputs.toArray(String[]::new);
    boolean compressed = inputs.stream().anyMatch(path -> path.endsWith(".gz"));
    try {
      return switch (format) {
        case TEXT -> new Documents(format, spark.read().text(paths).toDF(TEXT), TEXT, compressed);
        case JSON -> new Documents(format, json(spark, paths, textField, added), TEXT, compressed);
        case PARQUET ->
            new Documents(format, parquet(spark, paths, textField, added), textField, false);
      };
    } catch (Exception e) { // Scala throws what it does not declare
      if (e instanceof InputException) {
        throw e;
      }
      throw new InputException(
          "Cannot read documents of %s: %s"
              .formatted(String.join(", ", inputs), InputException.firstLine(e)),
          e);
    }
  }

  private static Dataset<Row> parquet(
      SparkSession spark, String[] paths, String textField, List<String> added) {
    Dataset<Row> rows = spark.read().parquet(paths);
    List<String> fields = List.of(rows.columns());
    if (!fields.contains(textField)) {
      throw noField(textField, String.join(", ", fields));
    }
    String type = rows.schema().apply(textField).dataType().catalogString();
    if (!type.equals("string") && !type.equals("array<string>")) {
      throw new InputException(
          "Cannot score documents: their field %s is %s, not string".formatted(textField, type));
    }
    added.stream()
        .filter(fields::contains)
        .findFirst()
        .ifPresent(
            field -> {
              throw new InputException(
                  "Cannot score documents: they have a field %s already; choose another --output-field"
                      .formatted(field));
            });
    return rows;
  }

  private static Dataset<Row> json(
      SparkSession spark, String[] paths, String textField, List<String> added) {
    UDF1<String, Row> parse = line -> parse(line, textField, added);
    Dataset<Row> lines =
        spark
            .read()
            .text(paths)
            .where(not(rtrim(col("value"), " \t").equalTo("")))
            .select(
                col("value").as(RAW),
                udf(parse, PARSED).apply(col("value")).as("parsed"),
                input_file_name().as("file"));
    Row found =
        lines
            .agg(
                min(
                    when(
                        col("parsed.fault").isNotNull(),
                        struct(col("file"), col("parsed.fault"), col(RAW)))),
                count(lit(1)),
                count(col("parsed.text")),
                first(col("parsed.fields"), true))
            .head();
    if (!found.isNullAt(0)) {
      Row fault = found.getStruct(0);
      String line = fault.getString(2);
      throw new InputException(
          "Cannot score documents: a line of %s %s: %s"
              .formatted(
                  fault.getString(0),
                  fault.getString(1),
                  line.length() <= 80 ? line : line.substring(0, 80) + " …"));
    }
    if (found.getLong(1) > 0 && found.getLong(2) == 0) {
      throw noField(textField, found.getString(3));
    }
    return lines.select(col(RAW), col("parsed.text").as(TEXT));
  }

  private static InputException noField(String field, String fields) {
    return new InputException(
        "Cannot score documents: none has a field %s; give --text-field one of %s"
            .formatted(field, fields));
  }

  /** The text of a line, what is wrong with the line, and its fields. */
  private static Row parse(String line, String textField, List<String> added) {
    JsonNode document;
    try {
      document = JSON.readTree(line);
    } catch (JsonProcessingException e) {
      return RowFactory.create(null, "is not JSON", null);
    }
    if (!document.isObject()) {
      return RowFactory.create(null, "is no JSON object", null);
    }
    for (String field : added) {
      if (document.has(field)) {
        return RowFactory.create(
            null, "has a field %s already; choose another --output-field".formatted(field), null);
      }
    }
    StringBuilder fields = new StringBuilder();
    document
        .fieldNames()
        .forEachRemaining(name -> fields.append(fields.isEmpty() ? "" : ", ").append(name));
    JsonNode text = document.path(textField);
    if (!text.isTextual() && !text.isNull() && !text.isMissingNode()) {
      return RowFactory.create(null, "has no string as " + textField, null);
    }
    return RowFactory.create(text.textValue(), null, fields.toString());
  }

  /**
   * Writes documents in the format of the input.
   *
   * @param scored the rows with fields added, some of them left out perhaps
   * @param overwrite whether what stands there is replaced
   * @throws InputException if it stands there and is not to be replaced
   */
  public void write(Dataset<Row> scored, String output, boolean overwrite) {
    SaveMode mode = overwrite ? SaveMode.Overwrite : SaveMode.ErrorIfExists;
    if (format == Format.PARQUET) {
      scored.write().mode(mode).parquet(output);
      return;
    }
    scored
        .select(line(scored))
        .write()
        .mode(mode)
        .option("compression", compressed ? "gzip" : "none")
        .text(output);
  }

  /** A line of JSON: that of the input with the other columns put in front of its last brace. */
  private Column line(Dataset<Row> scored) {
    Map<String, String> keepNulls = Map.of("ignoreNullFields", "false");
    if (format == Format.TEXT) {
      return to_json(struct(columns(scored.columns())), keepNulls);
    }
    Column[] others =
        columns(
            Arrays.stream(scored.columns())
                .filter(name -> !name.equals(RAW) && !name.equals(TEXT))
                .toArray(String[]::new));
    Column raw = rtrim(col(RAW), " \t");
    Column open = rtrim(raw.substr(lit(1), length(raw).minus(1)));
    Column comma = when(open.endsWith("{"), "").otherwise(",");
    Column added = to_json(struct(others), keepNulls);
    return concat(open, comma, added.substr(lit(2), length(added))).as("value");
  }

  private static Column[] columns(String... names) {
    return Arrays.stream(names).map(name -> col("`" + name + "`")).toArray(Column[]::new);
  }
}
