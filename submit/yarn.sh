#!/usr/bin/env bash
# Trains on YARN. Needs HADOOP_CONF_DIR; a SPARK_HOME of the cluster's own Spark 3.4 or 3.5 is best.
#   WORKERS=4 submit/yarn.sh --model small --data-path hdfs:///ptb --save-path hdfs:///runs/small
# Environment: WORKERS (default: 4 executors of EXECUTOR_CORES, default 1), EXECUTOR_MEMORY (default: 2g),
# EXECUTOR_OVERHEAD (default: what the replicas need besides the heap), DRIVER_MEMORY (default: 4g).
set -euo pipefail
: "${HADOOP_CONF_DIR:?set HADOOP_CONF_DIR to the folder of core-site.xml and yarn-site.xml}"
# What spark-defaults.conf does not set.
export SPARK_EXECUTOR_CORES=${SPARK_EXECUTOR_CORES:-1} SPARK_EXECUTOR_MEMORY=${SPARK_EXECUTOR_MEMORY:-2g}
export SPARK_EXECUTOR_INSTANCES=${SPARK_EXECUTOR_INSTANCES:-4}
exec "$(dirname "$(readlink -f "${BASH_SOURCE[0]}")")/spark-submit.sh" \
  --master yarn \
  --deploy-mode client \
  ${WORKERS:+--num-executors "$WORKERS"} \
  ${EXECUTOR_CORES:+--executor-cores "$EXECUTOR_CORES"} \
  ${EXECUTOR_MEMORY:+--executor-memory "$EXECUTOR_MEMORY"} \
  ${EXECUTOR_OVERHEAD:+--conf "spark.executor.memoryOverhead=$EXECUTOR_OVERHEAD"} \
  --conf spark.scheduler.minRegisteredResourcesRatio=1.0 \
  -- "$@"
