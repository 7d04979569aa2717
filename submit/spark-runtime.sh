#!/usr/bin/env bash
# Prints the home of a Spark: $SPARK_HOME if set, else one laid out from the Maven registry's Spark
# jars. Builds this project first if the application jar is missing or older than its sources.
set -euo pipefail
root=$(dirname "$(dirname "$(readlink -f "${BASH_SOURCE[0]}")")")
jar=$root/spark-job/target/spark-lstm.jar
if [ ! -e "$jar" ] || [ ! -d "$root/submit/runtime/target/spark/jars" ] || [ -n "$(find \
  "$root/pom.xml" "$root"/{common,spark-job,submit/runtime}/pom.xml "$root"/{common,spark-job}/src/main "$root/conf" \
  -newer "$jar" -type f -print -quit)" ]; then
  echo "Building (a few minutes the first time) …" >&2
  rm -f "$jar" # and not written over: a program that runs still reads classes from it
  (CDPATH="" cd "$root" && mvn -B -q -DskipTests -pl spark-job,submit/runtime -am package) >&2
fi
echo "${SPARK_HOME:-$root/submit/runtime/target/spark}"
