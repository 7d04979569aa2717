package org.sparklstm.train;

import java.util.Arrays;
import org.sparklstm.engine.Replica;

/**
 * What training changes and averaging averages.
 *
 * @param parameters flat, see {@link org.sparklstm.model.ParameterLayout}
 * @param optimiserState as long as the optimiser wants it; plain SGD keeps nothing
 */
@SuppressWarnings("ArrayRecordComponent") // large, never compared
public record Trained(float[] parameters, float[] optimiserState) {

  /** Copies of what {@code replica} holds. */
  static Trained of(Replica replica) {
    return new Trained(replica.parameters(), replica.optimiserState());
  }

  /** Both from one array, without a copy if there are parameters only. */
  public static Trained of(float[] joined, int parameterCount) {
    return joined.length == parameterCount
        ? new Trained(joined, new float[0])
        : new Trained(
            Arrays.copyOf(joined, parameterCount),
            Arrays.copyOfRange(joined, parameterCount, joined.length));
  }

  /** Parameters, then optimiser state; the parameters themselves if there is no state. */
  public float[] joined() {
    if (optimiserState.length == 0) {
      return parameters;
    }
    float[] joined = Arrays.copyOf(parameters, parameters.length + optimiserState.length);
    System.arraycopy(optimiserState, 0, joined, parameters.length, optimiserState.length);
    return joined;
  }

  /** Copies both into {@code replica}. */
  public void copyInto(Replica replica) {
    replica.setParameters(parameters);
    replica.setOptimiserState(optimiserState);
  }
}
