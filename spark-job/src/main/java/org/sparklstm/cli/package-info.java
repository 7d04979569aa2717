/**
 * The command line.
 *
 * <p>May import {@code app}, {@code cluster}, {@code config}, {@code corpus}, {@code error}, {@code
 * run}.
 */
package org.sparklstm.cli;
