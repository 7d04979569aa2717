package org.sparklstm.cluster;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.List;
import org.apache.spark.SparkConf;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.sparklstm.config.Settings;
import org.sparklstm.config.SettingsLoader;
import org.sparklstm.error.ConfigurationException;

class SparkStartTest {

  @ParameterizedTest
  @CsvSource({
    "local[2], 1, engine.threads 3 needs as many cores for each task: local[2] has 2",
    "local, 1, engine.threads 3 needs as many cores for each task: local has 1",
    "'spark://host:7077', two, 'For input string: \"two\"'",
  })
  void whatSparkWouldNotStartWithIsAWrongConfiguration(
      String master, String executorCores, String message) {
    Settings settings = SettingsLoader.load("test", null, List.of("engine.threads=3"));
    SparkConf conf = new SparkConf(false).set("spark.master", master);
    if (!master.startsWith("local")) {
      conf.set("spark.executor.cores", executorCores);
    }

    assertThatThrownBy(() -> SparkStart.sparkConf(settings, conf))
        .isInstanceOf(ConfigurationException.class)
        .hasMessageContaining(message);
  }

  @ParameterizedTest
  @CsvSource({"local[2], true", "'local[2,4]', true", "'spark://host:7077', false", "yarn, false"})
  void aTaskThatRunsOutOfMemoryEndsItsExecutorButNotTheLocalJvm(String master, boolean local) {
    SparkConf conf = new SparkConf(false).set("spark.master", master);

    SparkStart.sparkConf(SettingsLoader.load("test", null, List.of()), conf);

    assertThat(conf.contains("spark.executor.killOnFatalError.depth")).isEqualTo(local);
  }

  @ParameterizedTest
  @CsvSource({", , ", "4, , 4", ", 3, 3", "4, 3, 3"})
  void theScriptsNumberOfExecutorsIsForThoseWhoSetNone(
      String variable, String property, String expected) {
    SparkConf conf = new SparkConf(false);
    if (property != null) {
      conf.set("spark.executor.instances", property);
    }

    SparkStart.askForExecutors(conf, variable);

    assertThat(conf.get("spark.executor.instances", null)).isEqualTo(expected);
  }

  @ParameterizedTest
  @CsvSource({
    ", org.sparklstm.cluster.TrainingMetrics",
    "'', ''",
    "com.acme.Audit, 'com.acme.Audit,org.sparklstm.cluster.TrainingMetrics'",
    "'com.acme.A, com.acme.B', 'com.acme.A, com.acme.B,org.sparklstm.cluster.TrainingMetrics'",
    "'org.sparklstm.cluster.TrainingMetrics, com.acme.Audit',"
        + " 'org.sparklstm.cluster.TrainingMetrics, com.acme.Audit'",
  })
  void ourPluginComesAfterTheUsers(String users, String plugins) {
    SparkConf conf = new SparkConf(false);
    if (users != null) {
      conf.set("spark.plugins", users);
    }

    SparkStart.sparkConf(SettingsLoader.load("test", null, List.of()), conf);

    assertThat(conf.get("spark.plugins")).isEqualTo(plugins);
  }

  @ParameterizedTest
  @CsvSource({"local[2],", "'spark://host:7077', 32m", "yarn, 32m"})
  void onlyBroadcastsThatAreFetchedHaveLargeBlocks(String master, String size) {
    SparkConf conf = new SparkConf(false).set("spark.master", master);

    SparkStart.sparkConf(SettingsLoader.load("test", null, List.of()), conf);

    assertThat(conf.get("spark.broadcast.blockSize", null)).isEqualTo(size);
  }

  @ParameterizedTest
  @CsvSource({", false", "true, true", "false, false"})
  void queriesAreNotPlannedAnewUnlessTheUserWantsIt(String users, String adaptive) {
    SparkConf conf = new SparkConf(false);
    if (users != null) {
      conf.set("spark.sql.adaptive.enabled", users);
    }

    SparkStart.sparkConf(SettingsLoader.load("test", null, List.of()), conf);

    assertThat(conf.get("spark.sql.adaptive.enabled")).isEqualTo(adaptive);
  }

  @Test
  void aWorkerHasAGpuOfItsOwnWhereExecutorsHaveSome() {
    SparkConf without = new SparkConf(false);
    SparkConf with = new SparkConf(false).set("spark.executor.resource.gpu.amount", "2");
    SparkConf shared = with.clone().set("spark.task.resource.gpu.amount", "0.5");
    for (SparkConf conf : List.of(without, with, shared)) {
      SparkStart.sparkConf(SettingsLoader.load("test", null, List.of()), conf);
    }

    String share = "spark.task.resource.gpu.amount";
    String order = "spark.executorEnv.CUDA_DEVICE_ORDER";
    assertThat(without.contains(share)).isFalse();
    assertThat(without.contains(order)).isFalse();
    assertThat(with.get(share)).isEqualTo("1");
    assertThat(with.get(order)).isEqualTo("PCI_BUS_ID");
    assertThat(shared.get(share)).isEqualTo("0.5");
  }
}
