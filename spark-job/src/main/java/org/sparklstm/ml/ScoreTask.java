package org.sparklstm.ml;

import java.io.Serializable;
import java.util.ArrayList;
import java.util.Iterator;
import java.util.List;
import java.util.concurrent.atomic.AtomicBoolean;
import org.apache.spark.TaskContext;
import org.apache.spark.broadcast.Broadcast;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.RowFactory;
import org.apache.spark.util.TaskCompletionListener;
import org.apache.spark.util.TaskFailureListener;
import org.sparklstm.averaging.ReplicaPool;
import org.sparklstm.engine.Engines;
import org.sparklstm.engine.Replica;
import org.sparklstm.model.LstmShape;
import org.sparklstm.score.DynamicEvaluation;
import org.sparklstm.score.LaneScorer;
import org.sparklstm.score.LaneScorer.Scored;
import org.sparklstm.score.NeuralCache;
import org.sparklstm.score.StreamScorer;
import org.sparklstm.score.TextScore;
import org.sparklstm.score.Tokenizer;
import org.sparklstm.score.UnknownWords;
import org.sparklstm.text.Normalization;
import org.sparklstm.text.Vocabulary;
import org.sparklstm.train.Floats;

/**
 * What a task of {@link LstmLmModel} does with the rows of a partition.
 *
 * @param input index of the column of texts
 * @param eachToken whether −ln p of each token is a column too
 * @param adaptation how a model adapts to the text whose perplexity is a column too; null: there is
 *     no such column
 */
record ScoreTask(
    LstmShape shape,
    Broadcast<Floats> parameters,
    Broadcast<Vocabulary> vocabulary,
    Tokenizer.State state,
    int maxTokens,
    Normalization normalization,
    UnknownWords unknown,
    int input,
    boolean eachToken,
    Adaptation adaptation)
    implements Serializable {
  /** How a model adapts to a text. */
  record Adaptation(DynamicEvaluation dynamic, NeuralCache.Options cache) implements Serializable {}

  /** Lanes of a replica: with more, matrix products are hardly faster, and the last ones idle. */
  static final int LANES = 64;

  /** The rows with their scores, computed as they are asked for. */
  Iterator<Row> score(Iterator<Row> rows) {
    if (!rows.hasNext()) {
      return rows;
    }
    Replica replica = borrow(LANES);
    float[] trained = parameters.value().values();
    replica.setParameters(trained);
    StreamScorer adapting =
        adaptation == null
            ? null
            : new StreamScorer(borrow(1), shape, trained, adaptation.dynamic(), adaptation.cache());
    Tokenizer tokenizer = Tokenizer.of(vocabulary.value(), state, maxTokens, normalization);
    LaneScorer<Row> scorer =
        new LaneScorer<>(replica, tokenizer.start(), rows, row -> encode(tokenizer, row));
    return new Iterator<>() {
      @Override
      public boolean hasNext() {
        return scorer.hasNext();
      }

      @Override
      public Row next() {
        return with(tokenizer, scorer.next(), adapting);
      }
    };
  }

  /** A replica that is given back when the task ends. */
  private Replica borrow(int lanes) {
    TaskContext task = TaskContext.get();
    ReplicaPool.Loan loan = ReplicaPool.lend(Engines.here(shape), shape, lanes);
    AtomicBoolean failed = new AtomicBoolean(); // TaskContext.isFailed came with Spark 3.5
    task.addTaskFailureListener((TaskFailureListener) (ended, error) -> failed.set(true));
    task.addTaskCompletionListener(
        (TaskCompletionListener) ended -> loan.end(!failed.get() && !ended.isInterrupted()));
    return loan.replica();
  }

  private List<int[]> encode(Tokenizer tokenizer, Row row) {
    if (row.isNullAt(input)) {
      return List.of();
    }
    return row.get(input) instanceof String text
        ? tokenizer.encode(text)
        : tokenizer.encode(row.<String>getList(input));
  }

  private Row with(Tokenizer tokenizer, Scored<Row> scored, StreamScorer adapting) {
    Row row = scored.row();
    List<Object> values = new ArrayList<>(row.size() + 6);
    for (int i = 0; i < row.size(); i++) {
      values.add(row.get(i));
    }
    boolean isNull = row.isNullAt(input);
    TextScore score = unknown.score(tokenizer, scored.ids(), scored.nats());
    boolean predicts = predicts(score);
    values.add(predicts ? score.perplexity() : null);
    values.add(predicts ? -score.nats() : null);
    values.add(isNull ? null : score.tokens());
    values.add(isNull ? null : score.unknown());
    if (eachToken) {
      values.add(isNull ? null : scored.nats());
    }
    if (adapting != null) {
      double[] nats = adapting.score(tokenizer.start(), scored.ids());
      TextScore adapted = unknown.score(tokenizer, scored.ids(), nats);
      values.add(predicts(adapted) ? adapted.perplexity() : null);
    }
    return RowFactory.create(values.toArray());
  }

  private static boolean predicts(TextScore score) {
    return score.predictions() > 0 && !Double.isNaN(score.perplexity());
  }
}
