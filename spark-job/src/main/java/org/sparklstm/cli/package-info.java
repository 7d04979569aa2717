/**
 * The command lines.
 *
 * <p>May import {@code app}, {@code checkpoint}, {@code cluster}, {@code config}, {@code corpus},
 * {@code engine}, {@code error}, {@code generate}, {@code model}, {@code run}, {@code text}, {@code
 * train}.
 */
package org.sparklstm.cli;
