/**
 * A language model as Spark ML's estimator and model.
 *
 * <p>May import {@code app}, {@code averaging}, {@code cluster}, {@code config}, {@code corpus},
 * {@code engine}, {@code error}, {@code files}, {@code ml.feature}, {@code model}, {@code run},
 * {@code score}, {@code text}, {@code train}.
 *
 * @serial exclude
 */
package org.sparklstm.ml;
