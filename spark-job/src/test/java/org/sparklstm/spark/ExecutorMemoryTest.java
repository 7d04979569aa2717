package org.sparklstm.spark;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.nio.file.Path;
import java.util.List;
import org.apache.spark.SparkConf;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.sparklstm.config.ConfigurationException;
import org.sparklstm.config.Settings;
import org.sparklstm.config.SettingsLoader;
import org.sparklstm.model.LstmSpec;

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
    ExecutorMemory needed = ExecutorMemory.needed(LARGE, LARGE.spec(10_000), 1, 1);
    int told = overhead(conf());

    assertThatThrownBy(
            () ->
                ExecutorMemory.requireOverhead(
                    needed, conf("spark.executor.memoryOverhead", "512m")))
        .isInstanceOf(ConfigurationException.class)
        .hasMessage(
            "Cannot train: spark.executor.memoryOverhead is 512m, this model needs %sm; raise it or"
                + " leave it out",
            told);
    ExecutorMemory.requireOverhead(needed, conf("spark.executor.memoryOverhead", told + "m"));
    ExecutorMemory.requireOverhead(needed, conf());
  }

  @Test
  void aTaskThatAveragesAGroupHoldsItsWorkersParameters() {
    long parameters = 4L * LARGE.spec(10_000).parameterCount();
    long one = ExecutorMemory.needed(LARGE, LARGE.spec(10_000), 16, 1).heap();
    Settings tree = LARGE.with("averaging.combine", "tree");

    assertThat(ExecutorMemory.needed(tree, LARGE.spec(10_000), 16, 1).heap() - one)
        .isEqualTo(5 * parameters); // four, their mean and what is sent, instead of two
  }

  @Test
  void aLocalMasterHasNoContainers() {
    SparkConf conf = conf("spark.master", "local[2]");

    ExecutorMemory.ask(conf, LARGE);

    assertThat(conf.contains("spark.executor.memoryOverhead")).isFalse();
  }

  @Test
  void aHeapThatIsTooSmallIsRefusedWithTheNumber(@TempDir Path directory) throws Exception {
    LstmSpec huge = new LstmSpec(100_000, 4000, 2, 1); // 4.2 GB of parameters
    try (TrainingData data = Corpus.prepare(Corpus.write(directory), 2)) {
      assertThatThrownBy(
              () ->
                  ExecutorMemory.require(
                      LocalSpark.session().sparkContext(), Corpus.settings(), huge, data))
          .isInstanceOf(ConfigurationException.class)
          .hasMessageMatching(
              "Cannot train: this JVM has \\d{4} MiB of Java heap, this model needs \\d{5}; raise"
                  + " --driver-memory");
      ExecutorMemory.require(
          LocalSpark.session().sparkContext(), Corpus.settings(), new LstmSpec(9, 3, 1, 1), data);
      // 175 MB of parameters fit into this heap of 2 GiB, those of both workers on the driver do
      // not
      LstmSpec fits = new LstmSpec(10_000, 1400, 1, 1);
      Settings driver = Corpus.settings("averaging.combine=driver");
      ExecutorMemory.require(LocalSpark.session().sparkContext(), Corpus.settings(), fits, data);
      assertThatThrownBy(
              () -> ExecutorMemory.require(LocalSpark.session().sparkContext(), driver, fits, data))
          .isInstanceOf(ConfigurationException.class);
      // 183 MB fit too, but not once more on the driver
      LstmSpec tight = new LstmSpec(10_000, 1450, 1, 1);
      Settings changes = Corpus.settings("averaging.clip=averaged", "averaging.period=1");
      ExecutorMemory.require(LocalSpark.session().sparkContext(), Corpus.settings(), tight, data);
      assertThatThrownBy(
              () ->
                  ExecutorMemory.require(LocalSpark.session().sparkContext(), changes, tight, data))
          .isInstanceOf(ConfigurationException.class);
    }
  }
}
