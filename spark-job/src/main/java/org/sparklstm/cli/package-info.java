/**
 * The command lines.
 *
 * <p>May import {@code app}, {@code checkpoint}, {@code cluster}, {@code config}, {@code corpus},
 * {@code documents}, {@code engine}, {@code error}, {@code files}, {@code generate}, {@code ml},
 * {@code model}, {@code onnx}, {@code run}, {@code score}, {@code text}, {@code train}.
 */
package org.sparklstm.cli;
