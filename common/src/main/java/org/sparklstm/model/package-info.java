/**
 * The shape of the network, the layout of its parameters, and the safetensors format.
 *
 * <p>Imports no other package of this project.
 *
 * @serial exclude
 */
package org.sparklstm.model;
