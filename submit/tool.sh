#!/usr/bin/env bash
# Runs one of our programs that need no Spark session, on Spark's jars: tool.sh CLASS [ARGUMENT …].
set -euo pipefail
root=$(dirname "$(dirname "$(readlink -f "${BASH_SOURCE[0]}")")")
. "$root/submit/environment.sh"
exec "${JAVA_HOME:+$JAVA_HOME/bin/}java" -XX:+UseSerialGC -XX:TieredStopAtLevel=1 \
  "-Dlog4j2.configurationFile=$root/conf/log4j2.properties" \
  -cp "$root/spark-job/target/spark-lstm.jar:${HADOOP_CONF_DIR:+$HADOOP_CONF_DIR:}$SPARK_HOME/jars/*" "$@"
