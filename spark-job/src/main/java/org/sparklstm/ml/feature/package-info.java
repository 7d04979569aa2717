/**
 * Spark ML stages for other people's pipelines: words to ids and back, ids to windows.
 *
 * <p>May import {@code files}, {@code text}.
 *
 * @serial exclude
 */
package org.sparklstm.ml.feature;
