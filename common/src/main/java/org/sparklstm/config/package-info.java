/**
 * Settings from files and command lines, and the plan that they make.
 *
 * <p>May import {@code engine}, {@code error}, {@code model}, {@code text}, {@code train}.
 */
package org.sparklstm.config;
