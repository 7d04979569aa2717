#!/usr/bin/env bash
# What the other scripts share: submits PtbTrain with Spark's options before "--" and PtbTrain's after it.
#   submit/spark-submit.sh --master spark://host:7077 -- --data-path hdfs:///ptb --save-path hdfs:///runs/1
set -euo pipefail
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
spark=()
while [ $# -gt 0 ] && [ "$1" != -- ]; do
  spark+=("$1")
  shift
done
[ $# -gt 0 ] && shift
exec "$here/spark-class.sh" org.apache.spark.deploy.SparkSubmit \
  --class PtbTrain \
  --driver-memory "${DRIVER_MEMORY:-4g}" \
  --driver-java-options "\"-Dlog4j2.configurationFile=$here/../conf/log4j2.properties\"" \
  "${spark[@]}" \
  "$here/../spark-job/target/spark-lstm.jar" "$@"
