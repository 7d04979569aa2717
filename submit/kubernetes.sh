#!/usr/bin/env bash
# Trains on Kubernetes, with the driver on this machine (client mode). Needs a SPARK_HOME with Spark's
# Kubernetes jars, and an image with Spark 3.5 for Scala 2.12 on Java 17, for instance
# apache/spark:3.5.5-scala2.12-java17-ubuntu. Executors must reach this machine and the file systems.
#   MASTER=k8s://https://host:6443 IMAGE=… WORKERS=4 submit/kubernetes.sh --data-path s3a://… --save-path s3a://…
# Environment: MASTER, IMAGE, SPARK_HOME (required), NAMESPACE (default: default), WORKERS (default: 4
# executors of EXECUTOR_CORES, default 1), EXECUTOR_MEMORY (default: 2g), EXECUTOR_OVERHEAD (default: what the
# replicas need besides the heap), DRIVER_MEMORY (default: 4g).
set -euo pipefail
: "${MASTER:?set MASTER=k8s://https://host:port}" "${IMAGE:?set IMAGE to a Spark 3.5 image}"
: "${SPARK_HOME:?set SPARK_HOME to a Spark 3.5 with its Kubernetes jars}"
# What spark-defaults.conf does not set.
export SPARK_EXECUTOR_CORES=${SPARK_EXECUTOR_CORES:-1} SPARK_EXECUTOR_MEMORY=${SPARK_EXECUTOR_MEMORY:-2g}
export SPARK_EXECUTOR_INSTANCES=${SPARK_EXECUTOR_INSTANCES:-4}
exec "$(dirname "$(readlink -f "${BASH_SOURCE[0]}")")/spark-submit.sh" \
  --master "$MASTER" \
  --deploy-mode client \
  ${WORKERS:+--num-executors "$WORKERS"} \
  ${EXECUTOR_CORES:+--executor-cores "$EXECUTOR_CORES"} \
  ${EXECUTOR_MEMORY:+--executor-memory "$EXECUTOR_MEMORY"} \
  ${EXECUTOR_OVERHEAD:+--conf "spark.executor.memoryOverhead=$EXECUTOR_OVERHEAD"} \
  --conf "spark.kubernetes.namespace=${NAMESPACE:-default}" \
  --conf "spark.kubernetes.container.image=$IMAGE" \
  --conf spark.scheduler.minRegisteredResourcesRatio=1.0 \
  -- "$@"
