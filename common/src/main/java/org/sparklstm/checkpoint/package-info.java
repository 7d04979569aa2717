/**
 * What a run continues from: the state, its file, and the rules of resuming.
 *
 * <p>May import {@code config}, {@code engine}, {@code error}, {@code model}, {@code train}.
 */
package org.sparklstm.checkpoint;
