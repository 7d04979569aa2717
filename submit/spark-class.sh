#!/usr/bin/env bash
# Runs a class of Spark under Spark's own launcher: spark-class.sh CLASS [ARGUMENT …], for instance
#   submit/spark-class.sh org.apache.spark.deploy.master.Master --host 127.0.0.1
#   submit/spark-class.sh org.apache.spark.deploy.worker.Worker spark://127.0.0.1:7077
set -euo pipefail
. "$(dirname "$(readlink -f "${BASH_SOURCE[0]}")")/environment.sh"
if [ -x "$SPARK_HOME/bin/spark-class" ]; then
  exec "$SPARK_HOME/bin/spark-class" "$@"
fi
# A home of jars only: ask the launcher for the command. It prints NUL and newline, then the words of
# the command, each ended by NUL.
export SPARK_SCALA_VERSION=2.12
mapfile -d '' -t command < <(
  "${JAVA_HOME:+$JAVA_HOME/bin/}java" -cp "$SPARK_HOME/jars/*" org.apache.spark.launcher.Main "$@"
)
[ "${#command[@]}" -gt 1 ] || exit 1
command[1]=${command[1]#$'\n'}
exec "${command[@]:1}"
