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

  /** The parameters themselves. */
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

  /**
   * Parameter: column of texts: a string of lines, or {@code array<string>} of words in which
   * {@code <eos>} ends a line.
   */
  default Param<String> inputCol() {
    return declared().inputCol;
  }

  /** Parameter: column of perplexities that a model adds. */
  default Param<String> perplexityCol() {
    return declared().perplexityCol;
  }

  /** Parameter: column of log probabilities that a model adds, in nats. */
  default Param<String> logProbabilityCol() {
    return declared().logProbabilityCol;
  }

  /** Parameter: column of numbers of words that a model adds. */
  default Param<String> tokensCol() {
    return declared().tokensCol;
  }

  /** Parameter: column of numbers of unknown words that a model adds. */
  default Param<String> unknownCol() {
    return declared().unknownCol;
  }

  /** Parameter: column of −ln p of each word and line end that a model adds; empty: none. */
  default Param<String> tokenNatsCol() {
    return declared().tokenNatsCol;
  }

  /**
   * Parameter: {@code line}: each line of a text begins with a fresh state; {@code document}: each
   * text does.
   */
  default Param<String> state() {
    return declared().state;
  }

  /**
   * Parameter: what words outside the vocabulary count: {@code penalise}, {@code exclude} or {@code
   * count}, see {@link UnknownWords}.
   */
  default Param<String> unknown() {
    return declared().unknown;
  }

  /** Parameter: words of the language, for {@code penalise}. */
  default LongParam unknownWords() {
    return declared().unknownWords;
  }

  /** Parameter: words of a text that count; those behind them are left out. */
  default IntParam maxTokens() {
    return declared().maxTokens;
  }

  /** The value of {@link #inputCol()}. */
  default String getInputCol() {
    return getOrDefault(inputCol());
  }

  /** The value of {@link #perplexityCol()}. */
  default String getPerplexityCol() {
    return getOrDefault(perplexityCol());
  }

  /** The value of {@link #logProbabilityCol()}. */
  default String getLogProbabilityCol() {
    return getOrDefault(logProbabilityCol());
  }

  /** The value of {@link #tokensCol()}. */
  default String getTokensCol() {
    return getOrDefault(tokensCol());
  }

  /** The value of {@link #unknownCol()}. */
  default String getUnknownCol() {
    return getOrDefault(unknownCol());
  }

  /** The value of {@link #tokenNatsCol()}. */
  default String getTokenNatsCol() {
    return getOrDefault(tokenNatsCol());
  }

  /** The value of {@link #state()}. */
  default String getState() {
    return getOrDefault(state());
  }

  /** The value of {@link #unknown()}. */
  default String getUnknown() {
    return getOrDefault(unknown());
  }

  /** The value of {@link #unknownWords()}. */
  default long getUnknownWords() {
    return (Long) getOrDefault(unknownWords());
  }

  /** The value of {@link #maxTokens()}. */
  default int getMaxTokens() {
    return (Integer) getOrDefault(maxTokens());
  }

  @SuppressWarnings("unchecked") // S is the stage itself
  private <T> S with(Param<T> param, T value) {
    return (S) set(param, value);
  }

  /** Sets {@link #inputCol()}. */
  default S setInputCol(String column) {
    return with(inputCol(), column);
  }

  /** Sets {@link #perplexityCol()}. */
  default S setPerplexityCol(String column) {
    return with(perplexityCol(), column);
  }

  /** Sets {@link #logProbabilityCol()}. */
  default S setLogProbabilityCol(String column) {
    return with(logProbabilityCol(), column);
  }

  /** Sets {@link #tokensCol()}. */
  default S setTokensCol(String column) {
    return with(tokensCol(), column);
  }

  /** Sets {@link #unknownCol()}. */
  default S setUnknownCol(String column) {
    return with(unknownCol(), column);
  }

  /** Sets {@link #tokenNatsCol()}. */
  default S setTokenNatsCol(String column) {
    return with(tokenNatsCol(), column);
  }

  /** Sets {@link #state()}. */
  default S setState(String value) {
    return with(state(), value);
  }

  /** Sets {@link #unknown()}. */
  default S setUnknown(String value) {
    return with(unknown(), value);
  }

  /** Sets {@link #unknownWords()}. */
  @SuppressWarnings("unchecked")
  default S setUnknownWords(long words) {
    return (S) set(unknownWords(), words);
  }

  /** Sets {@link #maxTokens()}. */
  @SuppressWarnings("unchecked")
  default S setMaxTokens(int words) {
    return (S) set(maxTokens(), words);
  }

  /** The schema with the columns that a model adds. */
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

  /** What {@code state} says. */
  default Tokenizer.State sequences() {
    return choice(state(), Tokenizer.State.class);
  }

  /** What {@code unknown} says. */
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
