/**
 * Documents in files: a text, and fields that are kept as they are.
 *
 * <p>May import {@code error}, {@code files}.
 */
package org.sparklstm.documents;
