/**
 * Scores texts with a trained model: −ln p of each word, and the perplexity of a text.
 *
 * <p>May import {@code engine}, {@code error}, {@code model}, {@code text}.
 */
package org.sparklstm.score;
