/**
 * Spark ML stages for other people's pipelines.
 *
 * <p>May import {@code averaging}, {@code config}, {@code engine}, {@code error}, {@code files},
 * {@code model}, {@code run}, {@code score}, {@code text}, {@code train}.
 */
package org.sparklstm.ml;
