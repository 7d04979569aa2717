package org.sparklstm.engine;

/**
 * Plain stochastic gradient descent with the gradient g clipped by its global norm: parameters −=
 * rate · min(1, maxGradNorm / ‖g‖) · g. It has no state.
 *
 * @param maxGradNorm greater than 0
 */
public record Sgd(double maxGradNorm) implements Optimiser {

  /**
   * Checks the norm.
   *
   * @param maxGradNorm greater than 0
   * @throws IllegalArgumentException if it is not
   */
  public Sgd {
    if (!(maxGradNorm > 0)) {
      throw new IllegalArgumentException("maxGradNorm must be greater than 0, is " + maxGradNorm);
    }
  }

  /**
   * What a gradient is multiplied with.
   *
   * @param rate learning rate
   * @param norm of the gradient
   * @return rate · min(1, maxGradNorm / norm)
   */
  public double scale(double rate, double norm) {
    return rate * Optimiser.clipping(norm, maxGradNorm);
  }

  @Override
  public int stateSize(int parameterCount) {
    return 0;
  }

  /** The sum is computed in double and rounded once. */
  @Override
  public double step(float[] parameters, float[] gradient, float[] state, double rate) {
    double norm = Replica.norm(gradient);
    if (Double.isFinite(norm)) {
      double scale = scale(rate, norm);
      for (int i = 0; i < parameters.length; i++) {
        parameters[i] = (float) (parameters[i] - scale * gradient[i]);
      }
    }
    return norm;
  }
}
