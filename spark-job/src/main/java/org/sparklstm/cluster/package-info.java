/**
 * Spark itself: how it is started, how much memory it needs, when it hangs, and its metrics.
 *
 * <p>May import {@code config}, {@code engine}, {@code error}, {@code model}, {@code train}.
 */
package org.sparklstm.cluster;
