/**
 * Spark itself: how it is started, how much memory it needs, and when it hangs.
 *
 * <p>May import {@code config}, {@code engine}, {@code error}, {@code model}, {@code train}.
 */
package org.sparklstm.cluster;
