/**
 * The directory of a run: metrics, checkpoints and the model. What the program needs again can be
 * read back here.
 *
 * <p>May import {@code checkpoint}, {@code config}, {@code engine}, {@code engine.dl4j}, {@code
 * error}, {@code files}, {@code model}, {@code text}, {@code train}.
 */
package org.sparklstm.run;
