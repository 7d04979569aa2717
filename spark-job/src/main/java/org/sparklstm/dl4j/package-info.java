/**
 * The training master for users of DL4J's Spark module.
 *
 * <p>May import {@code averaging}, {@code engine}, {@code engine.dl4j}, {@code model}, {@code
 * text}, {@code train}.
 */
package org.sparklstm.dl4j;
