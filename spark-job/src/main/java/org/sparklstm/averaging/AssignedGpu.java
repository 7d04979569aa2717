package org.sparklstm.averaging;

import java.util.Map;
import org.apache.spark.TaskContext;
import org.apache.spark.resource.ResourceInformation;
import org.sparklstm.engine.EngineChoice;

/** The GPU that Spark gave a task. */
final class AssignedGpu {
  private AssignedGpu() {}

  /**
   * The address of the GPU of the task that this thread runs, the first if there are several;
   * {@link EngineChoice#NO_GPU} if it has none, or if the thread runs no task.
   */
  static String address() {
    TaskContext task = TaskContext.get();
    Map<String, ResourceInformation> resources = task == null ? Map.of() : task.resourcesJMap();
    ResourceInformation gpus = resources.get("gpu");
    return gpus == null ? EngineChoice.NO_GPU : gpus.addresses()[0];
  }
}
