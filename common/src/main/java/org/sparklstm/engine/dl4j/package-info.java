/**
 * The reference engine, and the model as a DL4J network.
 *
 * <p>May import {@code engine}, {@code model}, {@code text}.
 */
package org.sparklstm.engine.dl4j;
