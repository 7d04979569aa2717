package org.sparklstm.engine.torch;

import java.util.Optional;
import org.sparklstm.engine.Device;
import org.sparklstm.engine.Engine;
import org.sparklstm.engine.EngineChoice;
import org.sparklstm.engine.Optimiser;
import org.sparklstm.engine.Regularisation;
import org.sparklstm.engine.Replica;
import org.sparklstm.model.LstmShape;

/**
 * The engine on libtorch: on a GPU, or on the CPU to be tested there. It needs one of the jars with
 * libtorch's libraries beside it.
 */
public final class TorchEngine implements Engine {
  private static TorchDevice device(EngineChoice how, String gpu) {
    return TorchDevice.of(how.device(), TorchLibrary.hasGpuBuild(), gpu);
  }

  @Override
  public String name() {
    return "torch";
  }

  /** On a GPU it is the fastest; on a CPU the engine onednn is. */
  @Override
  public int preference() {
    return TorchLibrary.hasGpuBuild() ? 20 : 5;
  }

  @Override
  public Optional<String> whyUnavailable(EngineChoice how, String gpu) {
    return TorchLibrary.whyUnavailable(device(how, gpu), how.device() == Device.CUDA_GRAPH);
  }

  @Override
  public Optional<String> lacks(long bytes, EngineChoice how, String gpu) {
    TorchDevice device = device(how, gpu);
    return device.isGpu()
        ? TorchLibrary.allocationError(bytes, device).map(error -> Obstacles.room(bytes, error))
        : Optional.empty();
  }

  @Override
  public Optional<String> refuses(
      LstmShape shape, Regularisation regularisation, EngineChoice how) {
    return regularisation.samples()
        ? Optional.of("libtorch needs train.softmax-samples = 0")
        : Optional.empty();
  }

  /** Upper bounds, without what the library and CUDA take for themselves. */
  @Override
  public Memory memory(
      LstmShape shape, Optimiser optimiser, EngineChoice how, int lanes, int... lengths) {
    long n = (long) lanes * lengths[0];
    long p = shape.parameterCount();
    // The gradient exists twice while it is copied, and cuDNN has a copy of the layers' weights.
    // With weight-drop each layer has a mask and what it leaves; a mask is drawn while the gradient
    // and cuDNN's copy are not there.
    long weights = 3 * p;
    long activations = 4 * n * (shape.embeddingSize() + shape.outputSize());
    for (int layer = 0; layer < shape.layers(); layer++) {
      long h = shape.hiddenSize(layer);
      weights += 8 * h * (shape.inputSize(layer) + 4 * h);
      activations += n * 24 * Math.max(h, shape.inputSize(layer));
    }
    long logits = 4 * n * shape.vocabularySize();
    int copies = how.device() == Device.CUDA_GRAPH ? 2 : 1; // a recording has its own
    long bytes = Float.BYTES * (weights + copies * (activations + logits));
    return device(how, "").isGpu()
        ? new Memory(Float.BYTES * p, bytes) // on the host, parameters on their way
        : new Memory(bytes + Float.BYTES * p, 0);
  }

  @Override
  public Replica replica(LstmShape shape, int lanes, EngineChoice how, String gpu) {
    Optional<String> why = whyUnavailable(how, gpu);
    if (why.isPresent()) {
      throw new IllegalStateException("The engine torch does not run here: " + why.get());
    }
    TorchDevice device = device(how, gpu);
    return new TorchReplica(shape, lanes, device, how.precision(), recorder(how, device));
  }

  private static Optional<Recording.Recorder> recorder(EngineChoice how, TorchDevice device) {
    return how.device() == Device.CUDA_GRAPH
        ? Optional.of(computation -> CudaGraph.record(device.index(), computation))
        : Optional.empty();
  }
}
