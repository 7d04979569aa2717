/**
 * Trained models as ONNX files.
 *
 * <p>May import {@code model}, {@code text}.
 */
package org.sparklstm.onnx;
