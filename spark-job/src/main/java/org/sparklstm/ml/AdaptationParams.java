package org.sparklstm.ml;

import java.io.Serializable;
import org.apache.spark.ml.param.DoubleParam;
import org.apache.spark.ml.param.IntParam;
import org.apache.spark.ml.param.Param;
import org.apache.spark.ml.param.ParamValidators;
import org.apache.spark.ml.param.Params;
import org.sparklstm.score.DynamicEvaluation;
import org.sparklstm.score.NeuralCache;

/**
 * How a model adapts to each text while it reads it: by dynamic evaluation (Krause et al. 2018), by
 * a neural cache (Grave, Joulin and Usunier 2017), or by both. What it then says of the text is a
 * column of its own.
 *
 * @param <S> the stage
 */
public interface AdaptationParams<S extends AdaptationParams<S>> extends Params {

  /** {@return the parameters themselves, which the stage declared when it was made} */
  DeclaredAdaptation declaredAdaptation();

  /** The parameters of one stage. */
  final class DeclaredAdaptation implements Serializable {
    private final Param<String> adaptedPerplexityCol;
    private final DoubleParam dynamicRate;
    private final DoubleParam dynamicDecay;
    private final IntParam cacheWords;
    private final DoubleParam cacheWeight;
    private final DoubleParam cacheFlatness;

    /** Declares the parameters of {@code stage}, with their defaults. */
    DeclaredAdaptation(Params stage) {
      adaptedPerplexityCol =
          new Param<>(
              stage,
              "adaptedPerplexityCol",
              "column of the perplexities of a model that adapts to each text, which the model adds;"
                  + " empty: none");
      stage.setDefault(adaptedPerplexityCol, "");
      dynamicRate =
          number(
              stage,
              "dynamicRate",
              0.4,
              "learning rate of the step that the model takes after each 20 words of a text; 0: none",
              Double.POSITIVE_INFINITY);
      dynamicDecay =
          number(
              stage,
              "dynamicDecay",
              0.02,
              "share of the way back to the trained parameters that follows a step, less than 1",
              1);
      cacheWords =
          new IntParam(
              stage,
              "cacheWords",
              "words of a neural cache, at most 1,000,000; 0: there is none",
              ParamValidators.inRange(0, 1_000_000));
      stage.setDefault(cacheWords, 0);
      cacheWeight =
          number(stage, "cacheWeight", 0.15, "share of the cache in a probability, less than 1", 1);
      cacheFlatness =
          number(
              stage,
              "cacheFlatness",
              0.6,
              "how much more a state like the present one counts in the cache than another",
              Double.POSITIVE_INFINITY);
    }

    private static DoubleParam number(
        Params stage, String name, double value, String doc, double end) {
      DoubleParam param =
          new DoubleParam(stage, name, doc, ParamValidators.inRange(0, end, true, false));
      stage.setDefault(param, value);
      return param;
    }
  }

  /**
   * {@return the parameter {@code adaptedPerplexityCol}: the column of perplexities, double, of a
   * model that adapts to each text, or empty for none; empty by default}
   */
  default Param<String> adaptedPerplexityCol() {
    return declaredAdaptation().adaptedPerplexityCol;
  }

  /**
   * {@return the parameter {@code dynamicRate}: the learning rate of the step that the model takes
   * after each 20 words of a text, or 0 for none; 0.4 by default}
   */
  default DoubleParam dynamicRate() {
    return declaredAdaptation().dynamicRate;
  }

  /**
   * {@return the parameter {@code dynamicDecay}: the share of the way back to the trained
   * parameters that follows a step; 0.02 by default}
   */
  default DoubleParam dynamicDecay() {
    return declaredAdaptation().dynamicDecay;
  }

  /**
   * {@return the parameter {@code cacheWords}: the words of a neural cache, or 0 for none; 0 by
   * default}
   */
  default IntParam cacheWords() {
    return declaredAdaptation().cacheWords;
  }

  /**
   * {@return the parameter {@code cacheWeight}: the share of the cache in a probability; 0.15 by
   * default}
   */
  default DoubleParam cacheWeight() {
    return declaredAdaptation().cacheWeight;
  }

  /**
   * {@return the parameter {@code cacheFlatness}: how much more a state like the present one counts
   * in the cache than another; 0.6 by default}
   */
  default DoubleParam cacheFlatness() {
    return declaredAdaptation().cacheFlatness;
  }

  /** {@return the column of perplexities of a model that adapts, or empty for none} */
  default String getAdaptedPerplexityCol() {
    return getOrDefault(adaptedPerplexityCol());
  }

  /** {@return the learning rate of dynamic evaluation, or 0 for none} */
  default double getDynamicRate() {
    return (Double) getOrDefault(dynamicRate());
  }

  /** {@return the share of the way back to the trained parameters} */
  default double getDynamicDecay() {
    return (Double) getOrDefault(dynamicDecay());
  }

  /** {@return the words of a neural cache, or 0 for none} */
  default int getCacheWords() {
    return (Integer) getOrDefault(cacheWords());
  }

  /** {@return the share of the cache in a probability} */
  default double getCacheWeight() {
    return (Double) getOrDefault(cacheWeight());
  }

  /** {@return how much more a state like the present one counts in the cache than another} */
  default double getCacheFlatness() {
    return (Double) getOrDefault(cacheFlatness());
  }

  /** {@return how the model learns a text} */
  default DynamicEvaluation dynamicEvaluation() {
    return new DynamicEvaluation(getDynamicRate(), getDynamicDecay());
  }

  /** {@return how its cache is used} */
  default NeuralCache.Options neuralCache() {
    return new NeuralCache.Options(getCacheWords(), getCacheWeight(), getCacheFlatness());
  }

  @SuppressWarnings("unchecked") // S is the stage itself
  private S with(Param<?> param, Object value) {
    return (S) set(param.name(), value);
  }

  /**
   * Names the column of perplexities of a model that adapts to each text, double. Each text is then
   * scored twice. The second time it is one stream from its first word to its last, and the model
   * begins as it was trained: only words before a word change its probability.
   *
   * @param column its name, which no column of the texts may have; empty for none
   * @return this stage
   */
  default S setAdaptedPerplexityCol(String column) {
    return with(adaptedPerplexityCol(), column);
  }

  /**
   * Sets the learning rate of dynamic evaluation.
   *
   * @param rate at least 0; 0: the model does not learn
   * @return this stage
   */
  default S setDynamicRate(double rate) {
    return with(dynamicRate(), rate);
  }

  /**
   * Sets how fast the model goes back to what it was trained to.
   *
   * @param share of the way after each step, in [0, 1)
   * @return this stage
   */
  default S setDynamicDecay(double share) {
    return with(dynamicDecay(), share);
  }

  /**
   * Sets the size of the neural cache.
   *
   * @param words at most 1,000,000; 0: there is no cache
   * @return this stage
   */
  default S setCacheWords(int words) {
    return with(cacheWords(), words);
  }

  /**
   * Sets the share of the cache in a probability.
   *
   * @param share in [0, 1)
   * @return this stage
   */
  default S setCacheWeight(double share) {
    return with(cacheWeight(), share);
  }

  /**
   * Sets how much more a state like the present one counts in the cache than another.
   *
   * @param flatness at least 0; 0: not more
   * @return this stage
   */
  default S setCacheFlatness(double flatness) {
    return with(cacheFlatness(), flatness);
  }
}
