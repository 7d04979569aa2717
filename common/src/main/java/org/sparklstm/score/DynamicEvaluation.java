package org.sparklstm.score;

import java.io.Serializable;
import org.sparklstm.engine.Regularisation;
import org.sparklstm.engine.Replica;
import org.sparklstm.engine.Sgd;
import org.sparklstm.error.ConfigurationException;
import org.sparklstm.text.Window;

/**
 * Dynamic evaluation (Krause et al. 2018, with plain gradient descent): a model learns the words
 * that it has predicted. After a window it steps, θ ← θ − rate · g, and moves back to the
 * parameters θ₀ that it was trained to, θ ← θ + decay · (θ₀ − θ).
 *
 * @param rate of a step on the gradient g of the window's Σ −ln p, whose norm is clipped to 5; 0:
 *     no step
 * @param decay share of the way back, in [0, 1)
 */
public record DynamicEvaluation(double rate, double decay) implements Serializable {
  /** Words of a window. */
  static final int WINDOW = 20;

  /** Windows after which the way back is gone at once, because it goes over all parameters. */
  static final int WINDOWS_OF_DECAY = 10;

  private static final Sgd STEP = new Sgd(5);

  /**
   * Checks the numbers.
   *
   * @throws ConfigurationException if one is out of its range
   */
  public DynamicEvaluation {
    if (!(rate >= 0 && rate < Double.POSITIVE_INFINITY)) {
      throw new ConfigurationException("The dynamic rate must be at least 0, is " + rate);
    }
    if (!(decay >= 0 && decay < 1)) {
      throw new ConfigurationException("The dynamic decay must be in [0, 1), is " + decay);
    }
  }

  boolean learns() {
    return rate > 0;
  }

  /**
   * Learns a window, from the state that it begins with.
   *
   * @param replica that goes on from the window's end
   * @param number of the window, from 1
   * @param trained θ₀, not modified
   */
  void learn(Replica replica, Window window, long number, float[] trained) {
    replica.backpropagate(window, Regularisation.NONE, 0);
    replica.step(STEP, rate);
    if (decay > 0 && number % WINDOWS_OF_DECAY == 0) {
      double share = 1 - Math.pow(1 - decay, WINDOWS_OF_DECAY);
      float[] parameters = replica.parameters();
      for (int i = 0; i < parameters.length; i++) {
        parameters[i] += (float) (share * (trained[i] - parameters[i]));
      }
      replica.setParameters(parameters);
    }
  }
}
