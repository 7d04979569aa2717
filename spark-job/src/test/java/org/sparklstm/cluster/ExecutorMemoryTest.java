package org.sparklstm.cluster;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.List;
import org.apache.spark.SparkConf;
import org.apache.spark.api.java.JavaSparkContext;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.sparklstm.config.Scaling;
import org.sparklstm.config.Settings;
import org.sparklstm.config.SettingsLoader;
import org.sparklstm.error.ConfigurationException;
import org.sparklstm.testing.Corpus;
import org.sparklstm.testing.LocalSpark;

class ExecutorMemoryTest {
  private static final Settings LARGE = SettingsLoader.load("large", null, List.of());

  private static SparkConf conf(String... keysAndValues) {
    SparkConf conf = new SparkConf(false).set("spark.master", "yarn");
    for (int i = 0; i < keysAndValues.length; i += 2) {
      conf.set(keysAndValues[i], keysAndValues[i + 1]);
    }
    return conf;
  }

  private static int overhead(SparkConf conf) {
    ExecutorMemory.ask(conf, LARGE);
    return Integer.parseInt(conf.get("spark.executor.memoryOverhead").replace("m", ""));
  }

  @Test
  void containersGetRoomForEachWorkersReplicaBesidesTheHeap() {
    int one = overhead(conf());
    int four = overhead(conf("spark.executor.cores", "4"));

    assertThat(one).isBetween(384 + 700, 384 + 1024);
    assertThat(four - one).isBetween(3 * 700, 3 * 1024);
    assertThat(overhead(conf("spark.executor.cores", "4", "spark.task.cpus", "4"))).isEqualTo(one);
    assertThat(overhead(conf("spark.executor.memory", "40g"))).isEqualTo(4096); // Spark's tenth
  }

  @Test
  void fewerLanesAWorkerNeedLess() {
    SparkConf conf = conf();
    ExecutorMemory.ask(conf, LARGE.with("cluster.workers", 20));

    assertThat(conf.getSizeAsMb("spark.executor.memoryOverhead", "0")).isLessThan(overhead(conf()));
  }

  @ParameterizedTest
  @ValueSource(ints = {1, 2, 3, 4, 8, 19})
  void whatIsAskedForIsEnoughForTheLanesThatWorkersGet(int workers) {
    Settings wanted = SettingsLoader.load("large", null, List.of("cluster.workers=" + workers));
    SparkConf conf = conf();
    ExecutorMemory.ask(conf, wanted);

    Settings decided = Scaling.of(wanted, 929_589, () -> workers).settings();
    ExecutorMemory needed = ExecutorMemory.needed(decided, decided.plan(10_000, 1), workers, 1);

    ExecutorMemory.requireOverhead("train", needed, conf);
  }

  @Test
  void lanesOfEachWorkerCountBeforeTheNumberOfWorkersIsKnown() {
    SparkConf conf = conf();
    ExecutorMemory.ask(conf, LARGE.with("data.lanes-per-worker", 40));

    assertThat(conf.getSizeAsMb("spark.executor.memoryOverhead", "0"))
        .isGreaterThan(overhead(conf()));
  }

  @Test
  void whatTheUserSaysStays() {
    assertThat(overhead(conf("spark.executor.memoryOverhead", "512m"))).isEqualTo(512);
  }

  @Test
  void aVocabularyWithoutALimitAsksForNothing() {
    SparkConf conf = conf();
    ExecutorMemory.ask(conf, LARGE.with("vocabulary.size", Integer.MAX_VALUE));

    assertThat(conf.contains("spark.executor.memoryOverhead")).isFalse();
  }

  @Test
  void tooLittleRoomIsRefusedWithTheNumber() {
    ExecutorMemory needed = ExecutorMemory.needed(LARGE, LARGE.plan(10_000, 1), 1, 1);
    int told = overhead(conf());

    assertThatThrownBy(
            () ->
                ExecutorMemory.requireOverhead(
                    "train", needed, conf("spark.executor.memoryOverhead", "512m")))
        .isInstanceOf(ConfigurationException.class)
        .hasMessage(
            "Cannot train: executors have 512m besides the heap, this model needs %sm; set"
                + " spark.executor.memoryOverhead",
            told);
    assertThatThrownBy(() -> ExecutorMemory.requireOverhead("train", needed, conf()))
        .hasMessageContaining("executors have 384m besides the heap");
    ExecutorMemory.requireOverhead(
        "train", needed, conf("spark.executor.memoryOverhead", told + "m"));
  }

  @Test
  void aTaskThatAveragesAGroupHoldsItsWorkersParameters() {
    long parameters = 4L * LARGE.shape(10_000).parameterCount();
    long one = ExecutorMemory.needed(LARGE, LARGE.plan(10_000, 1), 16, 1).heap();
    Settings tree = LARGE.with("averaging.combine", "tree");

    assertThat(ExecutorMemory.needed(tree, tree.plan(10_000, 1), 16, 1).heap() - one)
        .isEqualTo(5 * parameters); // four, their mean and what is sent, instead of two
  }

  @Test
  void localAndStandaloneMastersHaveNoContainers() {
    for (String master : List.of("local[2]", "spark://host:7077")) {
      SparkConf conf = conf("spark.master", master);
      ExecutorMemory.ask(conf, LARGE);
      assertThat(conf.contains("spark.executor.memoryOverhead")).isFalse();

      conf.set("spark.executor.memoryOverhead", "1m");
      ExecutorMemory needed = ExecutorMemory.needed(LARGE, LARGE.plan(10_000, 1), 1, 1);
      ExecutorMemory.requireOverhead("train", needed, conf);
    }
  }

  /** Looks at this JVM for two workers; the heap of tests is 2 GiB. */
  private static void require(int words, String... settings) {
    require(words, 0, settings);
  }

  private static void require(int words, long text, String... settings) {
    ExecutorMemory.require(
        LocalSpark.session().sparkContext(),
        Corpus.settings(settings),
        words,
        JavaSparkContext.fromSparkContext(LocalSpark.session().sparkContext())
            .parallelize(List.of(0, 1), 2),
        text);
  }

  private static void assertHeapTooSmall(int words, String... settings) {
    assertThatThrownBy(() -> require(words, settings))
        .isInstanceOf(ConfigurationException.class)
        .hasMessageMatching(
            "Cannot train: this JVM has \\d{4} MiB of Java heap, this model needs \\d{4,5}; raise"
                + " --driver-memory");
  }

  @Test
  void aHeapThatIsTooSmallIsRefusedWithTheNumber() {
    require(9);
    assertHeapTooSmall(100_000, "model.hidden-size=4000", "model.layers=2"); // 4.2 GB each copy
  }

  /** The tiny model needs 300 MiB, which leave 1.7 GiB for text. */
  @Test
  void textThatIsKeptInTheHeapIsCounted() {
    require(9, 1500L << 20);
    assertThatThrownBy(() -> require(9, 2000L << 20))
        .isInstanceOf(ConfigurationException.class)
        .hasMessageContaining("this model needs 2301; raise --driver-memory");
  }

  /** 175 MB of parameters fit into this heap; those of both workers on the driver do not. */
  @Test
  void aDriverThatCollectsAllUpdatesNeedsRoomForThem() {
    require(10_000, "model.hidden-size=1400");
    assertHeapTooSmall(10_000, "model.hidden-size=1400", "averaging.combine=driver");
  }

  /** 183 MB fit into this heap, but not once more on the driver. */
  @Test
  void aDriverThatAppliesAMeanToTheStartNeedsRoomForIt() {
    require(10_000, "model.hidden-size=1450");
    assertHeapTooSmall(
        10_000, "model.hidden-size=1450", "averaging.clip=averaged", "averaging.period=1");
  }

  /** 175 MB fit into this heap, but not three times more on the driver. */
  @Test
  void anOuterStepNeedsRoomForTheStartAndItsMomenta() {
    require(10_000, "model.hidden-size=1400");
    assertHeapTooSmall(10_000, "model.hidden-size=1400", "averaging.outer-momentum=0.5");
  }

  @Test
  void aMovingAverageNeedsRoomBesideTheParameters() {
    require(10_000, "model.hidden-size=1400");
    assertHeapTooSmall(10_000, "model.hidden-size=1400", "train.moving-average-epochs=1");
  }

  @Test
  void aTaskThatRoundsItsUpdateNeedsRoomForItsCopies() {
    require(10_000, "model.hidden-size=1400");
    assertHeapTooSmall(10_000, "model.hidden-size=1400", "averaging.compression=bfloat16");
  }
}
