/**
 * The engine on libtorch, for GPUs. Only {@link org.sparklstm.engine.torch.TorchEngine} is public.
 *
 * <p>May import {@code engine}, {@code model}, {@code text}.
 */
package org.sparklstm.engine.torch;
