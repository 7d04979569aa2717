package org.sparklstm.averaging;

import java.util.Map;
import org.apache.spark.TaskContext;
import org.apache.spark.resource.ResourceInformation;

/** The GPU that Spark gave a task. */
final class AssignedGpu {
  private AssignedGpu() {}

  /**
   * The address of the GPU of the task that this thread runs, the first if there are several; empty
   * if it has none, or if the thread runs no task.
   */
  static String address() {
    TaskContext task = TaskContext.get();
    Map<String, ResourceInformation> resources = task == null ? Map.of() : task.resourcesJMap();
    ResourceInformation gpus = resources.get("gpu");
    return gpus == null ? "" : gpus.addresses()[0];
  }
}
