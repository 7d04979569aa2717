#!/usr/bin/env bash
# What the other scripts share: submits PtbTrain, or the program that CLASS names, with Spark's options before "--"
# and its own after it.
#   submit/spark-submit.sh --master spark://host:7077 -- --data-path hdfs:///ptb --save-path hdfs:///runs/1
set -euo pipefail
root=$(dirname "$(dirname "$(readlink -f "${BASH_SOURCE[0]}")")")
spark=()
while [ $# -gt 0 ] && [ "$1" != -- ]; do
  spark+=("$1")
  shift
done
[ $# -gt 0 ] && shift
# What spark-defaults.conf does not set. Its spark.driver.extraJavaOptions come after ours.
export SPARK_DRIVER_MEMORY=${SPARK_DRIVER_MEMORY:-4g}
# HotSpot's second compiler, C2, takes on only what is 20 times as hot as by default. The loops of training still are,
# and most of Spark's code at the start is not; C2 took a third of the start's processor time for it.
options="-XX:Tier4InvocationThreshold=100000 -XX:Tier4MinInvocationThreshold=12000"
options+=" -XX:Tier4CompileThreshold=300000 -XX:Tier4BackEdgeThreshold=800000"
# Each round makes and drops large arrays. In a heap that begins small they keep the garbage collector busy, on the
# cores that train. So the heap begins as large as it may become, but with a quarter of the machine's memory at most,
# and does not shrink.
options+=" -XX:InitialRAMPercentage=25 -XX:MaxHeapFreeRatio=100"
options+=" -Dlog4j2.configurationFile=\"$root/conf/log4j2.properties\""
exec "$root/submit/spark-class.sh" org.apache.spark.deploy.SparkSubmit \
  --class "${CLASS:-PtbTrain}" \
  ${DRIVER_MEMORY:+--driver-memory "$DRIVER_MEMORY"} \
  --conf "spark.driver.defaultJavaOptions=$options" \
  "${spark[@]}" \
  "$root/spark-job/target/spark-lstm.jar" "$@"
