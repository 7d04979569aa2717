/**
 * What a user can mend. Each message is one line that says what to change; no stack trace is
 * needed.
 *
 * <p>Imports no other package of this project.
 */
package org.sparklstm.error;
