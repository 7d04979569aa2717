/**
 * Continues texts with a trained model.
 *
 * <p>May import {@code engine}, {@code text}.
 */
package org.sparklstm.generate;
