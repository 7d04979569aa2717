package org.sparklstm.train;

import java.io.Serializable;
import org.sparklstm.engine.LossSum;
import org.sparklstm.engine.Optimiser;
import org.sparklstm.engine.Replica;
import org.sparklstm.engine.Steps;
import org.sparklstm.error.TrainingException;

/** What a worker sends at the end of a round, and where the mean of what all workers send leads. */
public sealed interface WorkerUpdate extends Serializable {

  /**
   * What a worker does in a round.
   *
   * @param replica where the round begins; afterwards {@link #encode} takes from it what is sent
   */
  default Steps.Result train(Replica replica, Steps steps) {
    return replica.train(steps);
  }

  /**
   * What the worker sends.
   *
   * @param start what all workers began the round with
   */
  Floats encode(Replica replica, Trained start);

  /**
   * Where the mean of all updates leads. It is asked for before a round, so that the driver keeps
   * of the start only what the mean is applied to.
   *
   * @param start what all workers begin the round with, not modified
   */
  Destination destination(Trained start, Optimiser optimiser, double rate);

  /** Where the mean of all updates leads. */
  interface Destination {
    /** What all workers have after the round: new arrays, or {@code mean} itself. */
    Trained from(float[] mean);
  }

  /** Floats of an update. */
  default int size(int parameterCount, Optimiser optimiser) {
    return Math.addExact(parameterCount, optimiser.stateSize(parameterCount));
  }

  /** How exactly it is sent. */
  Compression compression();

  /** Arrays of an update's size that a task holds at once to make and send one. */
  default int copiesToSend() {
    return compression() == Compression.NONE ? 2 : 4;
  }

  /** Arrays of an update's size that a task holds of each update that it receives. */
  default int copiesToReceive() {
    return compression() == Compression.NONE ? 1 : 2;
  }

  /** Arrays of the parameters' size that the driver keeps of the start during a round. */
  default int copiesOfStart() {
    return 1;
  }

  /** Workers step by themselves, and their parameters are averaged. */
  record Parameters() implements WorkerUpdate {
    @Override
    public Floats encode(Replica replica, Trained start) {
      return new Floats(Trained.of(replica).joined());
    }

    @Override
    public Destination destination(Trained start, Optimiser optimiser, double rate) {
      int parameterCount = start.parameters().length; // all that is kept of the start
      return mean -> Trained.of(mean, parameterCount);
    }

    @Override
    public int copiesOfStart() {
      return 0;
    }

    @Override
    public Compression compression() {
      return Compression.NONE;
    }
  }

  /** Workers step by themselves, and the changes of their parameters are averaged. */
  record Change(Compression compression) implements WorkerUpdate {
    @Override
    public Floats encode(Replica replica, Trained start) {
      return compression.encode(plus(Trained.of(replica).joined(), -1, start.joined()));
    }

    @Override
    public Destination destination(Trained start, Optimiser optimiser, double rate) {
      return mean -> Trained.of(plus(start.joined(), 1, mean), start.parameters().length);
    }

    @Override
    public int copiesToSend() {
      return 4; // what was reached, its change, the change as it is sent and as it goes
    }

    /** A new array of a + scale · b, each computed in double. */
    private static float[] plus(float[] a, double scale, float[] b) {
      float[] sum = new float[a.length];
      for (int i = 0; i < sum.length; i++) {
        sum[i] = (float) (a[i] + scale * b[i]);
      }
      return sum;
    }
  }

  /**
   * Workers do not step: the gradients of a round's only window are averaged, and the optimiser
   * clips and steps once with their mean.
   */
  record Gradient(Compression compression) implements WorkerUpdate {
    @Override
    public Steps.Result train(Replica replica, Steps steps) {
      LossSum loss = steps.backpropagate(replica, steps.from());
      return new Steps.Result(loss, Replica.norm(replica.gradient()));
    }

    @Override
    public Floats encode(Replica replica, Trained start) {
      return compression.encode(replica.gradient());
    }

    @Override
    public Destination destination(Trained start, Optimiser optimiser, double rate) {
      return mean -> {
        Trained end = new Trained(start.parameters().clone(), start.optimiserState().clone());
        double norm = optimiser.step(end.parameters(), mean, end.optimiserState(), rate);
        if (!Double.isFinite(norm)) {
          throw new TrainingException(
              "The norm of the averaged gradient is infinite or NaN: lower train.learning-rate or"
                  + " train.max-grad-norm");
        }
        return end;
      };
    }

    @Override
    public int size(int parameterCount, Optimiser optimiser) {
      return parameterCount;
    }
  }
}
