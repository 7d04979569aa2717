package org.sparklstm.engine.torch;

import org.bytedeco.cuda.cudart.CUgraphExec_st;
import org.bytedeco.cuda.cudart.CUgraph_st;
import org.bytedeco.cuda.cudart.CUstream_st;
import org.bytedeco.cuda.global.cudart;
import org.bytedeco.javacpp.Pointer;
import org.bytedeco.javacpp.PointerScope;
import org.bytedeco.pytorch.cuda.CUDAStream;
import org.bytedeco.pytorch.cuda.DeviceAssertionsDataVectorCUDAKernelLaunchInfoVectorPair;
import org.bytedeco.pytorch.cuda.MemPool;
import org.bytedeco.pytorch.cuda.StreamFilter;
import org.bytedeco.pytorch.global.torch_cuda;

/**
 * A recording as a CUDA graph: one call starts all kernels, where their launches would take longer
 * than their work. libtorch's own class for it has no binding, so CUDA records what libtorch does
 * on a stream, and libtorch takes the memory for it from a pool that nothing else uses.
 */
final class CudaGraph implements Recording {
  private static final boolean ANY_PRIORITY = false;

  private final NativeMemory memory = new NativeMemory();
  private final byte device;
  // What the binding calls the pair of numbers that names a pool.
  private final DeviceAssertionsDataVectorCUDAKernelLaunchInfoVectorPair pool;
  private final CUgraph_st graph;
  private final CUgraphExec_st executable;

  private CudaGraph(byte device) {
    this.device = device;
    this.pool = memory.keep(MemPool.graph_pool_handle());
    this.graph = memory.keep(new CUgraph_st());
    this.executable = memory.keep(new CUgraphExec_st());
  }

  /**
   * Records on a GPU.
   *
   * @param device its number
   * @throws IllegalStateException if CUDA cannot record the computation
   */
  static Recording record(byte device, Runnable computation) {
    try (PointerScope scope = new PointerScope()) {
      CudaGraph recording = new CudaGraph(device);
      try {
        recording.capture(computation);
        check(cudart.cudaGraphInstantiate(recording.executable, recording.graph, 0));
        return recording;
      } catch (RuntimeException e) {
        recording.close();
        throw e;
      }
    }
  }

  /** CUDA records no default stream, so it is another one for that time. */
  private void capture(Runnable computation) {
    synchronized (CudaGraph.class) { // CUDA ends a recording in which another thread synchronizes
      captureAlone(computation);
    }
  }

  private void captureAlone(Runnable computation) {
    torch_cuda.device_synchronize();
    CUDAStream before = torch_cuda.getCurrentCUDAStream(device);
    CUDAStream own = torch_cuda.getStreamFromPool(ANY_PRIORITY, device);
    CUstream_st stream = own.stream();
    StreamFilter onStream =
        new StreamFilter() {
          @Override
          public boolean call(Pointer other) {
            return other != null && other.address() == stream.address();
          }
        };
    torch_cuda.setCurrentCUDAStream(own);
    torch_cuda.beginAllocateToPool(device, pool, onStream);
    try {
      // libtorch differentiates in a thread of its own, and other tasks compute meanwhile.
      check(cudart.cudaStreamBeginCapture(stream, cudart.cudaStreamCaptureModeRelaxed));
      int ended;
      try {
        computation.run();
      } finally {
        ended = cudart.cudaStreamEndCapture(stream, graph);
      }
      check(ended);
    } finally {
      torch_cuda.endAllocateToPool(device, pool);
      torch_cuda.setCurrentCUDAStream(before);
    }
  }

  @Override
  public void repeat() {
    try (PointerScope scope = new PointerScope()) {
      CUstream_st stream = torch_cuda.getCurrentCUDAStream(device).stream();
      check(cudart.cudaGraphLaunch(executable, stream));
    }
  }

  private static void check(int error) {
    if (error != cudart.cudaSuccess) {
      throw new IllegalStateException(
          "CUDA cannot record the windows of training: set engine.device = cuda (%s)"
              .formatted(cudart.cudaGetErrorString(error).getString()));
    }
  }

  @Override
  public void close() {
    synchronized (CudaGraph.class) {
      closeAlone();
    }
  }

  private void closeAlone() {
    try (PointerScope scope = new PointerScope()) {
      torch_cuda.device_synchronize();
      if (!executable.isNull()) {
        cudart.cudaGraphExecDestroy(executable);
      }
      if (!graph.isNull()) {
        cudart.cudaGraphDestroy(graph);
      }
      torch_cuda.getAllocator().releasePool(device, pool);
    }
    memory.close();
  }
}
