/**
 * Words, and how a text is cut into lanes and windows and shared by workers.
 *
 * <p>May import {@code error}.
 */
package org.sparklstm.text;
