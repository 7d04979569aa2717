package org.sparklstm.engine;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.Map;
import org.junit.jupiter.api.Test;
import org.sparklstm.engine.Dropout.Mode;
import org.sparklstm.error.ConfigurationException;
import org.sparklstm.model.LstmShape;

class EngineTest {
  private static final LstmShape SHAPE = new LstmShape(11, 3, 1);

  @Test
  void theFastEngineIsPreferred() {
    assertThat(Engines.all()).extracting(Engine::name).containsExactly("onednn", "dl4j");
    assertThat(EngineChoice.of("auto").engine().name()).isEqualTo("onednn");
  }

  @Test
  void anEngineThatNoJarHasIsRefused() {
    assertThatThrownBy(() -> Engines.find("abacus"))
        .isInstanceOf(ConfigurationException.class)
        .hasMessage(
            "engine.name = abacus: no jar on the class path has this engine, only [onednn, dl4j]");
  }

  @Test
  void enginesRefuseWhatTheyDoNotHave() {
    Engine dl4j = Engines.find("dl4j");
    LstmShape tied = new LstmShape(11, 3, 1, true);

    EngineChoice how = EngineChoice.of("dl4j");
    assertThat(dl4j.refuses(SHAPE, Regularisation.NONE, how)).isEmpty();
    assertThat(dl4j.refuses(tied, Regularisation.NONE, how))
        .hasValue("DL4J has no model.tie-embeddings");
    assertThat(
            dl4j.refuses(
                SHAPE, new Regularisation(new Dropout(1, 1, 1, Mode.LOCKED, 0.5f, 1)), how))
        .hasValue("DL4J needs model.recurrent-keep-probability = 1");
    assertThat(
            dl4j.refuses(
                SHAPE, new Regularisation(new Dropout(1, 1, 1, Mode.LOCKED, 1, 0.5f)), how))
        .hasValue("DL4J needs model.embedding-keep-probability = 1");
    assertThat(dl4j.refuses(SHAPE, new Regularisation(Dropout.NONE, 0, 0, 9), how))
        .hasValue("DL4J needs train.softmax-samples = 0");
    for (int alpha = 0; alpha < 2; alpha++) {
      Regularisation penalty = new Regularisation(Dropout.NONE, alpha, 1 - alpha, 0);
      assertThat(dl4j.refuses(SHAPE, penalty, how))
          .hasValue(
              "DL4J needs train.activation-penalty = 0 and train.temporal-activation-penalty = 0");
    }
    EngineChoice threads = new EngineChoice("dl4j", 2, Precision.FLOAT32, Device.AUTO);
    assertThat(dl4j.refuses(SHAPE, Regularisation.NONE, threads))
        .hasValue("DL4J needs engine.threads = 1");
    EngineChoice rounded = new EngineChoice("dl4j", 1, Precision.BFLOAT16, Device.AUTO);
    assertThat(dl4j.refuses(SHAPE, Regularisation.NONE, rounded))
        .hasValue("DL4J needs engine.precision = float32");
    for (Engine engine : Engines.all()) {
      EngineChoice gpu = new EngineChoice(engine.name(), 1, Precision.FLOAT32, Device.CUDA);
      assertThat(engine.refuses(SHAPE, Regularisation.NONE, gpu).orElseThrow())
          .endsWith(" needs engine.device = cpu or auto");
      EngineChoice tf32 = new EngineChoice(engine.name(), 1, Precision.TF32, Device.AUTO);
      assertThat(engine.refuses(SHAPE, Regularisation.NONE, tf32).orElseThrow())
          .contains(" needs engine.precision = float32");
    }
    assertThatThrownBy(() -> Replicas.of(dl4j, tied, 2))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessage("DL4J has no tied embeddings");
  }

  @Test
  void noEngineHereNeedsADevice() {
    for (Engine engine : Engines.all()) {
      EngineChoice how = EngineChoice.of(engine.name());
      LstmShape large = new LstmShape(1000, 30, 2);
      Engine.Memory few = engine.memory(SHAPE, new Sgd(5), how, 2, 5);
      Engine.Memory more = engine.memory(large, new Sgd(5), how, 4, 10);
      assertThat(few.device()).isZero();
      assertThat(few.host()).isPositive().isLessThan(more.host());
    }
  }

  /** A Java without oneDNN's native library on its class path. */
  @Test
  void withoutOneDnnTheEngineSaysWhyAndTheOtherStillRuns() throws Exception {
    assertThat(withoutOneDnn("onednn"))
        .contains("The engine onednn does not run here: oneDNN cannot be loaded: ");
    assertThat(withoutOneDnn("dl4j")).contains("Dl4jReplica");
  }

  private static String withoutOneDnn(String engine) throws Exception {
    return OtherJava.replica(
        engine,
        Precision.FLOAT32,
        OtherJava.classPathWithout("dnnl-.*-.*-.*-.*"),
        Map.of(),
        "-Dorg.bytedeco.javacpp.cachedir=" + System.getProperty("java.io.tmpdir"));
  }

  @Test
  void bfloat16IsRefusedOnAProcessorWithoutIt() throws Exception {
    assertThat(withoutBfloat16(Precision.BFLOAT16))
        .contains(
            "The engine onednn does not run here: this processor has no bfloat16 (avx512_bf16): "
                + "set engine.precision = float32");
    assertThat(withoutBfloat16(Precision.FLOAT32)).contains("OneDnnReplica");
  }

  private static String withoutBfloat16(Precision precision) throws Exception {
    return OtherJava.replica(
        "onednn",
        precision,
        System.getProperty("java.class.path"),
        Map.of("ONEDNN_MAX_CPU_ISA", "AVX512_CORE_VNNI"));
  }
}
