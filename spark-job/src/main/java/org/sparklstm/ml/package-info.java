/**
 * Spark ML stages for other people's pipelines.
 *
 * <p>May import {@code files}, {@code text}.
 */
package org.sparklstm.ml;
