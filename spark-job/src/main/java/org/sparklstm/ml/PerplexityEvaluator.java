package org.sparklstm.ml;

import static org.apache.spark.sql.functions.col;
import static org.apache.spark.sql.functions.exp;
import static org.apache.spark.sql.functions.log;
import static org.apache.spark.sql.functions.sum;

import org.apache.spark.ml.evaluation.Evaluator;
import org.apache.spark.ml.param.Param;
import org.apache.spark.ml.param.ParamMap;
import org.apache.spark.ml.util.DefaultParamsReader;
import org.apache.spark.ml.util.DefaultParamsWritable;
import org.apache.spark.ml.util.Identifiable;
import org.apache.spark.ml.util.MLReader;
import org.apache.spark.sql.Column;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.types.DataTypes;
import org.sparklstm.ml.feature.Stages;

/**
 * The perplexity of all texts together that {@link LstmLmModel} has scored: exp(−Σ ln p / N) over
 * their N predictions. Rows without a perplexity do not count; without any it is NaN. Lower is
 * better.
 */
public final class PerplexityEvaluator extends Evaluator implements DefaultParamsWritable {
  private final String uid;
  private final Param<String> perplexityCol;
  private final Param<String> logProbabilityCol;

  /** An evaluator of the columns that a model adds by default, with an identity of its own. */
  public PerplexityEvaluator() {
    this(Identifiable.randomUID("perplexityEvaluator"));
  }

  /**
   * An evaluator with a given identity, as loading needs it.
   *
   * @param uid Spark ML's name of this evaluator
   */
  public PerplexityEvaluator(String uid) {
    this.uid = uid;
    this.perplexityCol = new Param<>(this, "perplexityCol", "column of perplexities");
    this.logProbabilityCol =
        new Param<>(this, "logProbabilityCol", "column of log probabilities, in nats");
    setDefault(perplexityCol, "perplexity");
    setDefault(logProbabilityCol, "logProbability");
  }

  /**
   * {@return the parameter {@code perplexityCol}: the column of perplexities; {@code perplexity} by
   * default}
   */
  public Param<String> perplexityCol() {
    return perplexityCol;
  }

  /**
   * {@return the parameter {@code logProbabilityCol}: the column of log probabilities, in nats;
   * {@code logProbability} by default}
   */
  public Param<String> logProbabilityCol() {
    return logProbabilityCol;
  }

  /** {@return the column of perplexities} */
  public String getPerplexityCol() {
    return $(perplexityCol);
  }

  /** {@return the column of log probabilities, in nats} */
  public String getLogProbabilityCol() {
    return $(logProbabilityCol);
  }

  /**
   * Names the column of perplexities.
   *
   * @param column its name, of type double
   * @return this stage
   */
  public PerplexityEvaluator setPerplexityCol(String column) {
    return (PerplexityEvaluator) set(perplexityCol, column);
  }

  /**
   * Names the column of log probabilities in nats.
   *
   * @param column its name, of type double
   * @return this stage
   */
  public PerplexityEvaluator setLogProbabilityCol(String column) {
    return (PerplexityEvaluator) set(logProbabilityCol, column);
  }

  /**
   * Evaluates.
   *
   * @throws IllegalArgumentException if a column is missing or no double
   */
  @Override
  public double evaluate(Dataset<?> scored) {
    Stages.requireColumn(uid, scored.schema(), getPerplexityCol(), DataTypes.DoubleType);
    Stages.requireColumn(uid, scored.schema(), getLogProbabilityCol(), DataTypes.DoubleType);
    Column nats = col(getLogProbabilityCol()).unary_$minus();
    Column predictions = nats.divide(log(col(getPerplexityCol()))); // ln perplexity = nats / N
    Row perplexity =
        scored
            .where(col(getPerplexityCol()).gt(1)) // of 1 are texts that the model is sure of
            .agg(exp(sum(nats).divide(sum(predictions))))
            .head();
    return perplexity.isNullAt(0) ? Double.NaN : perplexity.getDouble(0);
  }

  @Override
  public boolean isLargerBetter() {
    return false;
  }

  @Override
  public PerplexityEvaluator copy(ParamMap extra) {
    return (PerplexityEvaluator) defaultCopy(extra);
  }

  @Override
  public String uid() {
    return uid;
  }

  /** {@return what reads an evaluator that was saved} */
  public static MLReader<PerplexityEvaluator> read() {
    return new DefaultParamsReader<>();
  }

  /**
   * An evaluator that was saved.
   *
   * @param path that it was saved to, on any Hadoop file system
   * @return it, with the identity and the parameters that it had
   */
  public static PerplexityEvaluator load(String path) {
    return read().load(path);
  }
}
