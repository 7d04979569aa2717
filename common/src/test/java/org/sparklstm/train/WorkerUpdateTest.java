package org.sparklstm.train;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.List;
import org.junit.jupiter.api.Test;
import org.sparklstm.engine.Optimiser;
import org.sparklstm.engine.Regularisation;
import org.sparklstm.engine.Replica;
import org.sparklstm.engine.Replicas;
import org.sparklstm.engine.Sgd;
import org.sparklstm.engine.Steps;
import org.sparklstm.error.TrainingException;
import org.sparklstm.model.LstmShape;
import org.sparklstm.model.ParameterLayout;
import org.sparklstm.text.LaneReader;
import org.sparklstm.text.LaneShard;

class WorkerUpdateTest {
  private static final LstmShape SHAPE = new LstmShape(5, 3, 1);
  private static final LaneShard TEXT = new LaneShard(0, 2, new int[][] {{0, 1, 3, 4, 2}});
  private static final float[] PARAMETERS = ParameterLayout.initialise(SHAPE, 0.5f, 1);
  private static final int SIZE = PARAMETERS.length;

  /** Counts its steps in a state of one float. */
  private record Counting(Sgd sgd) implements Optimiser {
    @Override
    public int stateSize(int parameterCount) {
      return 1;
    }

    @Override
    public double step(float[] parameters, float[] gradient, float[] state, double rate) {
      state[0]++;
      return sgd.step(parameters, gradient, new float[0], rate);
    }
  }

  private static Trained trained(Replica replica) {
    return new Trained(replica.parameters(), replica.optimiserState());
  }

  private static Steps steps(Optimiser optimiser) {
    LaneReader text = new LaneReader(List.of(TEXT).iterator());
    return new Steps(text, 0, 2, optimiser, window -> 1, Regularisation.NONE, 0);
  }

  /** Two windows of one worker with {@code update}: what all workers then have. */
  private static Trained round(WorkerUpdate update, Optimiser optimiser, Trained start) {
    try (Replica replica = Replicas.of("onednn", SHAPE, 1)) {
      start.copyInto(replica);
      update.train(replica, steps(optimiser));
      float[] sent = update.encode(replica, start).values();
      assertThat(sent).hasSize(update.size(SIZE, optimiser));
      return update.destination(start, optimiser, 1).from(sent);
    }
  }

  private static Trained start(Optimiser optimiser) {
    return new Trained(PARAMETERS.clone(), optimiser.initialState(SIZE));
  }

  @Test
  void parametersOfOneWorkerAreWhatItReached() {
    Sgd sgd = new Sgd(5);
    Trained end = round(new WorkerUpdate.Parameters(), sgd, start(sgd));

    try (Replica replica = Replicas.of("onednn", SHAPE, 1)) {
      replica.setParameters(PARAMETERS);
      for (int window = 0; window < 2; window++) {
        replica.backpropagate(TEXT.window(window), Regularisation.NONE, 0);
        replica.step(sgd, 1);
      }
      assertThat(end.parameters()).isEqualTo(replica.parameters()).isNotEqualTo(PARAMETERS);
    }
    assertThat(end.optimiserState()).isEmpty();
  }

  @Test
  void aChangeLeadsWhereTheParametersLeadUpToItsRounding() {
    Sgd sgd = new Sgd(5);
    float[] reached = round(new WorkerUpdate.Parameters(), sgd, start(sgd)).parameters();
    float[] exact = round(new WorkerUpdate.Change(Compression.NONE), sgd, start(sgd)).parameters();
    float[] rounded =
        round(new WorkerUpdate.Change(Compression.BFLOAT16), sgd, start(sgd)).parameters();

    for (int i = 0; i < SIZE; i++) {
      float change = Math.abs(reached[i] - PARAMETERS[i]);
      assertThat(Math.abs(exact[i] - reached[i])).isLessThanOrEqualTo(Math.ulp(reached[i]));
      assertThat(Math.abs(rounded[i] - reached[i]))
          .isLessThanOrEqualTo(change / 256 + 2 * Math.ulp(reached[i]));
    }
    assertThat(rounded).isNotEqualTo(reached);
  }

  @Test
  void anOptimisersStateIsSentWithTheParameters() {
    Counting counting = new Counting(new Sgd(5));
    for (WorkerUpdate update :
        new WorkerUpdate[] {
          new WorkerUpdate.Parameters(),
          new WorkerUpdate.Change(Compression.NONE),
          new WorkerUpdate.Change(Compression.BFLOAT16)
        }) {
      Trained once = round(update, counting, start(counting));
      Trained twice = round(update, counting, once);

      assertThat(once.optimiserState()).containsExactly(2);
      assertThat(twice.optimiserState()).containsExactly(4);
    }
  }

  @Test
  void aGradientIsAppliedOnceWithItsStateAndChangesNoArgument() {
    Counting counting = new Counting(new Sgd(1));
    Trained start = start(counting);
    float[] gradient = new float[SIZE];
    gradient[0] = 3;
    gradient[1] = 4;

    Trained end =
        new WorkerUpdate.Gradient(Compression.NONE).destination(start, counting, 2).from(gradient);

    assertThat(end.parameters()[0]).isEqualTo((float) (PARAMETERS[0] - 2 * 3 / 5.0));
    assertThat(end.parameters()[1]).isEqualTo((float) (PARAMETERS[1] - 2 * 4 / 5.0));
    assertThat(end.parameters()[2]).isEqualTo(PARAMETERS[2]);
    assertThat(end.optimiserState()).containsExactly(1);
    assertThat(start.parameters()).isEqualTo(PARAMETERS);
    assertThat(start.optimiserState()).containsExactly(0);
    assertThat(gradient[0]).isEqualTo(3);
  }

  @Test
  void aMeanGradientThatIsNotFiniteIsAnError() {
    Sgd sgd = new Sgd(1);
    float[] gradient = new float[SIZE];
    gradient[3] = Float.POSITIVE_INFINITY;
    WorkerUpdate.Destination destination =
        new WorkerUpdate.Gradient(Compression.NONE).destination(start(sgd), sgd, 1);

    assertThatThrownBy(() -> destination.from(gradient))
        .isInstanceOf(TrainingException.class)
        .hasMessageStartingWith("The norm of the averaged gradient is infinite or NaN: lower ");
  }

  @Test
  void aWorkerThatSendsGradientsDoesNotStep() {
    Sgd sgd = new Sgd(1);
    WorkerUpdate update = new WorkerUpdate.Gradient(Compression.NONE);
    try (Replica replica = Replicas.of("onednn", SHAPE, 1)) {
      start(sgd).copyInto(replica);

      Steps.Result result = update.train(replica, steps(sgd));

      assertThat(result.loss().tokens()).isEqualTo(2);
      assertThat(result.gradientNorm()).isEqualTo(Replica.norm(replica.gradient())).isPositive();
      assertThat(trained(replica).parameters()).isEqualTo(PARAMETERS);
      assertThat(update.encode(replica, start(sgd)).values()).isEqualTo(replica.gradient());
    }
  }

  @Test
  void whatIsRoundedNeedsMoreMemory() {
    assertThat(new WorkerUpdate.Parameters().copiesToSend()).isEqualTo(2);
    assertThat(new WorkerUpdate.Gradient(Compression.NONE).copiesToSend()).isEqualTo(2);
    assertThat(new WorkerUpdate.Gradient(Compression.BFLOAT16).copiesToSend()).isEqualTo(4);
    assertThat(new WorkerUpdate.Change(Compression.BFLOAT16).copiesToSend()).isEqualTo(4);
    assertThat(new WorkerUpdate.Parameters().copiesOfStart()).isZero();
    assertThat(new WorkerUpdate.Gradient(Compression.NONE).copiesOfStart()).isEqualTo(1);
    assertThat(new WorkerUpdate.Parameters().copiesToReceive()).isEqualTo(1);
    assertThat(new WorkerUpdate.Change(Compression.BFLOAT16).copiesToReceive()).isEqualTo(2);
  }

  @Test
  void gradientsAreAveragedAfterEachWindow() {
    WorkerUpdate gradient = new WorkerUpdate.Gradient(Compression.NONE);

    assertThatThrownBy(
            () -> new AveragingPlan(1, 2, gradient, Combine.DRIVER, OuterOptimiser.AVERAGE))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessage("Gradients are averaged after each window, not after 2");
  }
}
