/**
 * The fast engine on a CPU. Only {@link org.sparklstm.engine.onednn.OneDnnEngine} is public.
 *
 * <p>May import {@code engine}, {@code model}, {@code text}.
 */
package org.sparklstm.engine.onednn;
