/**
 * Parameter averaging on Spark RDDs. It reads no files and no settings.
 *
 * <p>May import {@code engine}, {@code error}, {@code generate}, {@code model}, {@code text},
 * {@code train}.
 */
package org.sparklstm.averaging;
