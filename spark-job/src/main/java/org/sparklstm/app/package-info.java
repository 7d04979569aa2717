/**
 * The whole job, and what follows it while it runs.
 *
 * <p>May import {@code averaging}, {@code checkpoint}, {@code cluster}, {@code config}, {@code
 * corpus}, {@code engine}, {@code error}, {@code run}, {@code score}, {@code text}, {@code train}.
 */
package org.sparklstm.app;
