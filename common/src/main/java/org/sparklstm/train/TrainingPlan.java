package org.sparklstm.train;

import java.io.Serializable;
import org.sparklstm.engine.DropoutNoise;
import org.sparklstm.engine.EngineChoice;
import org.sparklstm.engine.Optimiser;
import org.sparklstm.engine.Regularisation;
import org.sparklstm.model.LstmShape;

/**
 * All that a trainer must know: what is trained, by which rules, and what computes it. It is the
 * same for the whole run.
 *
 * @param seed of the noise
 */
public record TrainingPlan(
    LstmShape shape,
    Schedule schedule,
    Optimiser optimiser,
    Regularisation regularisation,
    AveragingPlan averaging,
    EngineChoice engine,
    long seed)
    implements Serializable {

  /** The seed of an epoch's noise. */
  public long noiseSeed(int epoch) {
    return DropoutNoise.epochSeed(seed, epoch);
  }

  /** Floats of a worker's update. */
  public int updateSize() {
    return averaging.update().size(shape.parameterCount(), optimiser);
  }

  /** Bytes of the parameters and the optimiser's state. */
  public long trainedBytes() {
    int parameters = shape.parameterCount();
    return Float.BYTES * ((long) parameters + optimiser.stateSize(parameters));
  }
}
