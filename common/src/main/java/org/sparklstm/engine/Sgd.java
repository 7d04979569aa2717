package org.sparklstm.engine;

/**
 * Plain stochastic gradient descent with the gradient g clipped by its global norm: parameters −=
 * rate · (min(1, maxGradNorm / ‖g‖) · g + weightDecay · parameters). It has no state.
 *
 * @param maxGradNorm greater than 0
 * @param weightDecay at least 0; 0: none
 */
public record Sgd(double maxGradNorm, double weightDecay) implements Optimiser {

  /**
   * Checks the numbers.
   *
   * @param maxGradNorm greater than 0
   * @param weightDecay at least 0
   * @throws IllegalArgumentException if one is not
   */
  public Sgd {
    if (!(maxGradNorm > 0)) {
      throw new IllegalArgumentException("maxGradNorm must be greater than 0, is " + maxGradNorm);
    }
    if (!(weightDecay >= 0 && weightDecay < Double.POSITIVE_INFINITY)) {
      throw new IllegalArgumentException("weightDecay must be at least 0, is " + weightDecay);
    }
  }

  /**
   * Without weight decay.
   *
   * @param maxGradNorm greater than 0
   * @throws IllegalArgumentException if it is not
   */
  public Sgd(double maxGradNorm) {
    this(maxGradNorm, 0);
  }

  /**
   * The part of each parameter that is subtracted from it, before the gradient is.
   *
   * @param rate learning rate
   * @return rate · weightDecay
   */
  public double decay(double rate) {
    return rate * weightDecay;
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
      double kept = 1 - decay(rate);
      for (int i = 0; i < parameters.length; i++) {
        parameters[i] = (float) (kept * parameters[i] - scale * gradient[i]);
      }
    }
    return norm;
  }
}
