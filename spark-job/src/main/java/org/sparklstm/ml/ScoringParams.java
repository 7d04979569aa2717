package org.sparklstm.ml;

import java.io.Serializable;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import org.apache.spark.ml.param.IntParam;
import org.apache.spark.ml.param.LongParam;
import org.apache.spark.ml.param.Param;
import org.apache.spark.ml.param.ParamValidators;
import org.apache.spark.ml.param.Params;
import org.apache.spark.sql.types.DataType;
import org.apache.spark.sql.types.DataTypes;
import org.apache.spark.sql.types.StructType;
import org.sparklstm.ml.feature.Stages;
import org.sparklstm.score.Tokenizer;
import org.sparklstm.score.UnknownWords;

/**
 * How {@link LstmLmModel} scores texts. {@link LstmLm} has the same parameters and hands them on to
 * the models that it trains.
 *
 * @param <S> the stage
 */
public interface ScoringParams<S extends ScoringParams<S>> extends Params {

  /** {@return the parameters themselves, which the stage declared when it was made} */
  Declared declared();

  /** The parameters of one stage. */
  final class Declared implements Serializable {
    private static final DataType NATS = DataTypes.createArrayType(DataTypes.DoubleType, false);

    private final Param<String> inputCol;
    private final Param<String> perplexityCol;
    private final Param<String> logProbabilityCol;
    private final Param<String> tokensCol;
    private final Param<String> unknownCol;
    private final Param<String> tokenNatsCol;
    private final Param<String> state;
    private final Param<String> unknown;
    private final LongParam unknownWords;
    private final IntParam maxTokens;

    /** Declares the parameters of {@code stage}, with their defaults. */
    Declared(Params stage) {
      inputCol =
          text(
              stage,
              "inputCol",
              "text",
              "column of texts, string of lines or array<string> of words in which <eos> ends a line");
      perplexityCol =
          text(stage, "perplexityCol", "perplexity", "column of perplexities that a model adds");
      logProbabilityCol =
          text(
              stage,
              "logProbabilityCol",
              "logProbability",
              "column of log probabilities that a model adds, in nats");
      tokensCol =
          text(stage, "tokensCol", "tokens", "column of numbers of words that a model adds");
      unknownCol =
          text(
              stage,
              "unknownCol",
              "unknown",
              "column of numbers of unknown words that a model adds");
      tokenNatsCol =
          text(
              stage,
              "tokenNatsCol",
              "",
              "column of −ln p of each word and line end that a model adds; empty: none");
      state =
          text(
              stage,
              "state",
              "line",
              "line: each line of a text begins with a fresh state; document: each text does");
      unknown =
          text(
              stage,
              "unknown",
              "penalise",
              "words outside the vocabulary: penalise (they share the probability of <unk>), exclude"
                  + " (they do not count) or count (as <unk>)");
      unknownWords =
          new LongParam(
              stage,
              "unknownWords",
              "words of the language, for unknown = penalise; more than the vocabulary has",
              ParamValidators.gt(0));
      stage.setDefault(unknownWords, 1_000_000L);
      maxTokens =
          new IntParam(
              stage,
              "maxTokens",
              "words of a text that count, those behind them are left out",
              ParamValidators.gtEq(1));
      stage.setDefault(maxTokens, Integer.MAX_VALUE);
    }

    private static Param<String> text(Params stage, String name, String value, String doc) {
      Param<String> param = new Param<>(stage, name, doc);
      stage.setDefault(param, value);
      return param;
    }
  }

  /** {@return the parameter {@code inputCol}: the column of texts; {@code text} by default} */
  default Param<String> inputCol() {
    return declared().inputCol;
  }

  /**
   * {@return the parameter {@code perplexityCol}: the column of perplexities, double; {@code
   * perplexity} by default}
   */
  default Param<String> perplexityCol() {
    return declared().perplexityCol;
  }

  /**
   * {@return the parameter {@code logProbabilityCol}: the column of log probabilities in nats,
   * double; {@code logProbability} by default}
   */
  default Param<String> logProbabilityCol() {
    return declared().logProbabilityCol;
  }

  /**
   * {@return the parameter {@code tokensCol}: the column of numbers of words, int; {@code tokens}
   * by default}
   */
  default Param<String> tokensCol() {
    return declared().tokensCol;
  }

  /**
   * {@return the parameter {@code unknownCol}: the column of numbers of unknown words, int; {@code
   * unknown} by default}
   */
  default Param<String> unknownCol() {
    return declared().unknownCol;
  }

  /**
   * {@return the parameter {@code tokenNatsCol}: the column of −ln p of each word and line end,
   * array&lt;double&gt;, or empty for none; empty by default}
   */
  default Param<String> tokenNatsCol() {
    return declared().tokenNatsCol;
  }

  /**
   * {@return the parameter {@code state}: where the network begins with a fresh state: {@code line}
   * or {@code document}; {@code line} by default}
   */
  default Param<String> state() {
    return declared().state;
  }

  /**
   * {@return the parameter {@code unknown}: what becomes of words outside the vocabulary: {@code
   * penalise}, {@code exclude} or {@code count}; {@code penalise} by default}
   */
  default Param<String> unknown() {
    return declared().unknown;
  }

  /**
   * {@return the parameter {@code unknownWords}: how many words the language has, for {@code
   * unknown = penalise}; 1,000,000 by default}
   */
  default LongParam unknownWords() {
    return declared().unknownWords;
  }

  /**
   * {@return the parameter {@code maxTokens}: how many words of a text count; 2^31 − 1 by default}
   */
  default IntParam maxTokens() {
    return declared().maxTokens;
  }

  /** {@return the column of texts} */
  default String getInputCol() {
    return getOrDefault(inputCol());
  }

  /** {@return the column of perplexities, double} */
  default String getPerplexityCol() {
    return getOrDefault(perplexityCol());
  }

  /** {@return the column of log probabilities in nats, double} */
  default String getLogProbabilityCol() {
    return getOrDefault(logProbabilityCol());
  }

  /** {@return the column of numbers of words, int} */
  default String getTokensCol() {
    return getOrDefault(tokensCol());
  }

  /** {@return the column of numbers of unknown words, int} */
  default String getUnknownCol() {
    return getOrDefault(unknownCol());
  }

  /**
   * {@return the column of −ln p of each word and line end, array&lt;double&gt;, or empty for none}
   */
  default String getTokenNatsCol() {
    return getOrDefault(tokenNatsCol());
  }

  /** {@return where the network begins with a fresh state: {@code line} or {@code document}} */
  default String getState() {
    return getOrDefault(state());
  }

  /**
   * {@return what becomes of words outside the vocabulary: {@code penalise}, {@code exclude} or
   * {@code count}}
   */
  default String getUnknown() {
    return getOrDefault(unknown());
  }

  /** {@return how many words the language has, for {@code unknown = penalise}} */
  default long getUnknownWords() {
    return (Long) getOrDefault(unknownWords());
  }

  /** {@return how many words of a text count} */
  default int getMaxTokens() {
    return (Integer) getOrDefault(maxTokens());
  }

  @SuppressWarnings("unchecked") // S is the stage itself
  private <T> S with(Param<T> param, T value) {
    return (S) set(param, value);
  }

  /**
   * Names the column of texts: string, of which each line is a sentence, or array&lt;string&gt; of
   * words in which {@code <eos>} ends a sentence.
   *
   * @param column its name
   * @return this stage
   */
  default S setInputCol(String column) {
    return with(inputCol(), column);
  }

  /**
   * Names the column of perplexities, double, which a model adds.
   *
   * @param column its name, which no column of the texts may have
   * @return this stage
   */
  default S setPerplexityCol(String column) {
    return with(perplexityCol(), column);
  }

  /**
   * Names the column of log probabilities in nats, double, which a model adds.
   *
   * @param column its name, which no column of the texts may have
   * @return this stage
   */
  default S setLogProbabilityCol(String column) {
    return with(logProbabilityCol(), column);
  }

  /**
   * Names the column of numbers of words, int, which a model adds.
   *
   * @param column its name, which no column of the texts may have
   * @return this stage
   */
  default S setTokensCol(String column) {
    return with(tokensCol(), column);
  }

  /**
   * Names the column of numbers of unknown words, int, which a model adds.
   *
   * @param column its name, which no column of the texts may have
   * @return this stage
   */
  default S setUnknownCol(String column) {
    return with(unknownCol(), column);
  }

  /**
   * Names the column of −ln p of each word and line end, which a model then adds.
   *
   * @param column its name, which no column of the texts may have; empty for none
   * @return this stage
   */
  default S setTokenNatsCol(String column) {
    return with(tokenNatsCol(), column);
  }

  /**
   * Says where the network begins with a fresh state. A wrong value fails when the stage is used.
   *
   * @param value {@code line}: with each line of a text; {@code document}: with each text
   * @return this stage
   */
  default S setState(String value) {
    return with(state(), value);
  }

  /**
   * Says what becomes of words outside the vocabulary. A wrong value fails when the stage is used.
   *
   * @param value {@code penalise}: they share the probability of {@code <unk>}; {@code exclude}:
   *     they do not count; {@code count}: they count as {@code <unk>}
   * @return this stage
   */
  default S setUnknown(String value) {
    return with(unknown(), value);
  }

  /**
   * Says how many words the language has. With {@code unknown = penalise} those that the vocabulary
   * lacks share the probability of {@code <unk>} equally.
   *
   * @param words more than the vocabulary has
   * @return this stage
   */
  @SuppressWarnings("unchecked")
  default S setUnknownWords(long words) {
    return (S) set(unknownWords(), words);
  }

  /**
   * Limits the words of a text that count. Those behind them are left out.
   *
   * @param words at least 1
   * @return this stage
   */
  @SuppressWarnings("unchecked")
  default S setMaxTokens(int words) {
    return (S) set(maxTokens(), words);
  }

  /**
   * Adds the columns that a model adds.
   *
   * @param schema of the texts
   * @return the schema of the scored texts
   * @throws IllegalArgumentException if {@code inputCol} is missing or no text, if a column to add
   *     exists already, or if {@code state} or {@code unknown} has a value that it cannot have
   */
  default StructType scoredSchema(StructType schema) {
    Stages.requireColumn(uid(), schema, getInputCol(), DataTypes.StringType, Stages.TOKENS);
    StructType added = add(schema, getPerplexityCol(), DataTypes.DoubleType);
    added = add(added, getLogProbabilityCol(), DataTypes.DoubleType);
    added = add(added, getTokensCol(), DataTypes.IntegerType);
    added = add(added, getUnknownCol(), DataTypes.IntegerType);
    sequences();
    unknownMode();
    return getTokenNatsCol().isEmpty() ? added : add(added, getTokenNatsCol(), Declared.NATS);
  }

  private StructType add(StructType schema, String column, DataType type) {
    Stages.requireAbsent(uid(), schema, column);
    return schema.add(column, type, true);
  }

  /**
   * {@return what {@code state} says}
   *
   * @throws IllegalArgumentException if it is neither {@code line} nor {@code document}
   */
  default Tokenizer.State sequences() {
    return choice(state(), Tokenizer.State.class);
  }

  /**
   * {@return what {@code unknown} says}
   *
   * @throws IllegalArgumentException if it is none of {@code penalise}, {@code exclude} and {@code
   *     count}
   */
  default UnknownWords.Mode unknownMode() {
    return choice(unknown(), UnknownWords.Mode.class);
  }

  private <E extends Enum<E>> E choice(Param<String> param, Class<E> values) {
    String value = getOrDefault(param);
    List<String> names =
        Arrays.stream(values.getEnumConstants())
            .map(constant -> constant.name().toLowerCase(Locale.ROOT))
            .toList();
    if (!names.contains(value)) {
      throw new IllegalArgumentException(
          "%s: %s is '%s', and must be one of %s"
              .formatted(uid(), param.name(), value, String.join(", ", names)));
    }
    return Enum.valueOf(values, value.toUpperCase(Locale.ROOT));
  }
}
