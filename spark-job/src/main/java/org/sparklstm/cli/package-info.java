/**
 * The command line.
 *
 * <p>May import {@code app}, {@code cluster}, {@code config}, {@code error}, {@code run}.
 */
package org.sparklstm.cli;
