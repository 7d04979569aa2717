/**
 * The door to whatever computes: {@link org.sparklstm.engine.Replica}, the engines behind it, and
 * the values that go through it.
 *
 * <p>May import {@code error}, {@code model}, {@code text}.
 *
 * @serial exclude
 */
package org.sparklstm.engine;
