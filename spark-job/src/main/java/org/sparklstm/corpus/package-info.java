/**
 * A corpus on any Hadoop file system, checked and turned into what workers train on.
 *
 * <p>May import {@code averaging}, {@code config}, {@code error}, {@code files}, {@code
 * ml.feature}, {@code text}.
 */
package org.sparklstm.corpus;
