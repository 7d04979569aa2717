/**
 * The arithmetic of training by averaging, without Spark: the plan, the state, what workers send,
 * and its mean.
 *
 * <p>May import {@code engine}, {@code error}, {@code model}, {@code text}.
 */
package org.sparklstm.train;
