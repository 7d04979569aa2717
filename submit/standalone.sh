#!/usr/bin/env bash
# Trains on a Spark standalone cluster.
#   MASTER=spark://host:7077 submit/standalone.sh --model small --data-path hdfs://… --save-path hdfs://…
# Environment: MASTER (required), EXECUTOR_CORES (default: 1), EXECUTOR_MEMORY (default: 2g),
# DRIVER_MEMORY (default: 4g), CORES (default: all of the cluster's; if given, Spark waits for so many, for
# 30 s at most). One worker trains on each core; the model's
# native memory comes on top of the executor's heap. If the cluster is not Spark 3.5.5, set SPARK_HOME to
# its Spark. Secrets and encryption: docs/guides/clusters.md.
set -euo pipefail
: "${MASTER:?set MASTER=spark://host:7077}"
# What spark-defaults.conf does not set.
export SPARK_EXECUTOR_CORES=${SPARK_EXECUTOR_CORES:-1} SPARK_EXECUTOR_MEMORY=${SPARK_EXECUTOR_MEMORY:-2g}
exec "$(dirname "$(readlink -f "${BASH_SOURCE[0]}")")/spark-submit.sh" \
  --master "$MASTER" \
  ${EXECUTOR_CORES:+--executor-cores "$EXECUTOR_CORES"} \
  ${EXECUTOR_MEMORY:+--executor-memory "$EXECUTOR_MEMORY"} \
  ${CORES:+--total-executor-cores "$CORES" --conf spark.scheduler.minRegisteredResourcesRatio=1.0} \
  --conf spark.executorEnv.SPARK_SCALA_VERSION=2.12 \
  -- "$@"
