package org.sparklstm.cluster;

import com.codahale.metrics.Gauge;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import org.apache.spark.api.plugin.DriverPlugin;
import org.apache.spark.api.plugin.ExecutorPlugin;
import org.apache.spark.api.plugin.PluginContext;
import org.apache.spark.api.plugin.SparkPlugin;

/**
 * A plugin of Spark's that shows how training goes as gauges among the driver's metrics, for every
 * sink that Spark has. They are those of the JVM: of several trainings at a time, each shows what
 * was reported last.
 */
public final class TrainingMetrics implements SparkPlugin {
  private static final Map<Metric, Double> VALUES = new ConcurrentHashMap<>();

  /** A gauge; NaN as long as the number is not known. */
  public enum Metric {
    /** From 1. */
    EPOCH("epoch"),
    /** Rounds of the epoch that were averaged. */
    ROUND("round"),
    /** Of the newest epoch or round. */
    LEARNING_RATE("learningRate"),
    /** Of the epoch so far. */
    TRAIN_PERPLEXITY("trainPerplexity"),
    /** Of the newest validation. */
    VALID_PERPLEXITY("validPerplexity"),
    /** Of the newest round. */
    TOKENS_PER_SECOND("tokensPerSecond"),
    /** What the newest round took. */
    ROUND_SECONDS("roundSeconds");

    private final String gauge;

    Metric(String gauge) {
      this.gauge = gauge;
    }
  }

  /** Reports a number. */
  public static void report(Metric metric, double value) {
    VALUES.put(metric, value);
  }

  /** Forgets all numbers. */
  public static void clear() {
    VALUES.clear();
  }

  @Override
  public DriverPlugin driverPlugin() {
    return new DriverPlugin() {
      @Override
      public void registerMetrics(String application, PluginContext context) {
        for (Metric metric : Metric.values()) {
          Gauge<Double> gauge = () -> VALUES.getOrDefault(metric, Double.NaN);
          context.metricRegistry().register(metric.gauge, gauge);
        }
      }
    };
  }

  @Override
  public ExecutorPlugin executorPlugin() {
    return null; // Spark then has none
  }
}
