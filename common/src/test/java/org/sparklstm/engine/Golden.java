package org.sparklstm.engine;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.util.Arrays;
import org.sparklstm.model.LstmShape;
import org.sparklstm.model.ParameterLayout;
import org.sparklstm.model.Safetensors;
import org.sparklstm.text.Window;

/** PyTorch's values of a small model, which {@code src/test/python/make_golden.py} wrote. */
final class Golden {
  private static final LstmShape SHAPE = new LstmShape(23, 7, 2);
  private static final int LANES = 3;
  private static final int LENGTH = 5;
  private static final int STEPS = 10;

  private Golden() {}

  /** Compares losses, gradients, ten clipped steps and the lane state. */
  static void assertEqualsPyTorch(Engine engine) throws IOException {
    Safetensors golden = golden();
    float[] ids = tensor(golden, "ids");
    float[] losses = tensor(golden, "losses");
    try (Replica replica = Replicas.of(engine, SHAPE, LANES)) {
      replica.setParameters(parameters(golden, "initial."));
      replica.setLaneState(state(golden, "initial."));
      for (int step = 0; step < STEPS; step++) {
        LossSum loss = replica.backpropagate(window(ids, step), Regularisation.NONE, 0);
        assertThat(loss.nats()).isCloseTo(losses[step], within(1e-4));
        if (step == 0) {
          assertNamedTensorsClose(replica.gradient(), golden, "gradient.", 2e-6f);
        }
        replica.step(new Sgd(0.5), 1.0);
      }
      assertNamedTensorsClose(replica.parameters(), golden, "final.", 5e-6f);
      assertThat(replica.laneState()).containsExactly(state(golden, "final."), within(2e-6f));
    }
  }

  private static Window window(float[] ids, int step) {
    int size = LENGTH * LANES;
    int[] tokens = new int[size + LANES];
    for (int i = 0; i < tokens.length; i++) {
      tokens[i] = (int) ids[step * size + i];
    }
    return new Window(
        step,
        0,
        LANES,
        LENGTH,
        Arrays.copyOf(tokens, size),
        Arrays.copyOfRange(tokens, LANES, size + LANES));
  }

  private static void assertNamedTensorsClose(
      float[] actual, Safetensors golden, String prefix, float tolerance) {
    for (ParameterLayout.Tensor tensor : ParameterLayout.of(SHAPE)) {
      assertThat(Arrays.copyOfRange(actual, tensor.offset(), tensor.offset() + tensor.size()))
          .describedAs(prefix + tensor.name())
          .containsExactly(tensor(golden, prefix + tensor.name()), within(tolerance));
    }
  }

  private static float[] parameters(Safetensors golden, String prefix) {
    float[] parameters = new float[SHAPE.parameterCount()];
    for (ParameterLayout.Tensor tensor : ParameterLayout.of(SHAPE)) {
      float[] values = tensor(golden, prefix + tensor.name());
      System.arraycopy(values, 0, parameters, tensor.offset(), values.length);
    }
    return parameters;
  }

  /** [B, L, 2, H] from PyTorch's two [L, B, H]. */
  private static float[] state(Safetensors golden, String prefix) {
    int h = SHAPE.hiddenSize(0);
    float[] state = new float[LANES * SHAPE.laneStateSize()];
    for (int part = 0; part < 2; part++) {
      float[] values = tensor(golden, prefix + (part == 0 ? "hidden" : "cell"));
      for (int layer = 0; layer < SHAPE.layers(); layer++) {
        for (int lane = 0; lane < LANES; lane++) {
          System.arraycopy(
              values,
              (layer * LANES + lane) * h,
              state,
              ((lane * SHAPE.layers() + layer) * 2 + part) * h,
              h);
        }
      }
    }
    return state;
  }

  private static float[] tensor(Safetensors file, String name) {
    ParameterLayout.Tensor tensor =
        file.tensors().stream().filter(t -> t.name().equals(name)).findFirst().orElseThrow();
    return Arrays.copyOfRange(file.data(), tensor.offset(), tensor.offset() + tensor.size());
  }

  private static Safetensors golden() throws IOException {
    try (InputStream in = Golden.class.getResourceAsStream("/golden/lstm.safetensors")) {
      byte[] bytes = in.readAllBytes();
      return Safetensors.read(new ByteArrayInputStream(bytes), bytes.length);
    }
  }
}
