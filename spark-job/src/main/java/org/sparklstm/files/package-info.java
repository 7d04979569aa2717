/**
 * Any Hadoop file system: paths that users write, errors in one line, and files that appear whole.
 *
 * <p>May import {@code error}.
 */
package org.sparklstm.files;
