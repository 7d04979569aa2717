package org.sparklstm.engine.dl4j;

import org.deeplearning4j.nn.conf.dropout.IDropout;
import org.deeplearning4j.nn.workspace.LayerWorkspaceMgr;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.factory.Nd4j;
import org.sparklstm.engine.Dropout;
import org.sparklstm.engine.DropoutNoise;
import org.sparklstm.text.Window;

/**
 * DL4J dropout on one layer's input that draws {@link DropoutNoise} in place of ND4J's random
 * stream.
 */
final class LaneDropout implements IDropout {
  private final Dropout dropout;
  private final int layer;
  private final int layers;
  private final transient Window window;
  private final long noiseSeed;
  private transient INDArray mask;

  /**
   * Dropout for one window.
   *
   * @param layer the layer whose input is dropped: 0 for the first LSTM, L for the output layer
   * @param layers L
   */
  LaneDropout(Dropout dropout, int layer, int layers, Window window, long noiseSeed) {
    this.dropout = dropout;
    this.layer = layer;
    this.layers = layers;
    this.window = window;
    this.noiseSeed = noiseSeed;
  }

  @Override
  public INDArray applyDropout(
      INDArray input, INDArray result, int iteration, int epoch, LayerWorkspaceMgr workspaces) {
    mask = mask(input.size(1), input.rank()).castTo(input.dataType());
    return result.assign(input.mul(mask));
  }

  /**
   * Factors 0 or 1 / keepProbability, shaped as DL4J hands activations to the layer.
   *
   * @param rank 3: [B, H, T], of an LSTM; 2: [T·B, H], of the output layer
   */
  private INDArray mask(long units, int rank) {
    int lanes = window.lanes();
    int hidden = (int) units;
    int length = window.length();
    float[] factors = new float[length * lanes * hidden]; // [T, B, H]
    float[] row = new float[hidden];
    for (int b = 0; b < lanes; b++) {
      long key = DropoutNoise.key(noiseSeed, window.index(), window.firstLane() + b, layer);
      for (int t = 0; t < length; t++) {
        int step = t % dropout.masks(length);
        DropoutNoise.draw(key, step, dropout.keepProbability(layer, layers), row);
        System.arraycopy(row, 0, factors, (t * lanes + b) * hidden, hidden);
      }
    }
    INDArray mask = Nd4j.createFromArray(factors);
    return rank == 2
        ? mask.reshape('c', (long) length * lanes, hidden)
        : mask.reshape('c', length, lanes, hidden).permute(1, 2, 0);
  }

  @Override
  public INDArray backprop(
      INDArray gradientAtOutput, INDArray gradientAtInput, int iteration, int epoch) {
    return gradientAtInput.assign(gradientAtOutput.mul(mask));
  }

  @Override
  public void clear() {
    mask = null;
  }

  @Override
  @SuppressWarnings("MissingSuperCall") // IDropout narrows Object.clone to a copy of the settings
  public IDropout clone() {
    return new LaneDropout(dropout, layer, layers, window, noiseSeed);
  }
}
