#!/usr/bin/env bash
# Lays out the jars that the engine torch needs beside spark-lstm.jar, from the Maven registry, and prints them for
# Spark's --jars. Builds the engine's own jar first if it is missing or older than its sources.
#   submit/gpu-runtime.sh        libtorch for GPUs, 440 MiB
#   submit/gpu-runtime.sh cpu    libtorch for the CPU, 86 MiB, to try the engine without a GPU
set -euo pipefail
root=$(dirname "$(dirname "$(readlink -f "${BASH_SOURCE[0]}")")")
case ${1:-gpu} in
  gpu)
    classifier=linux-x86_64-gpu
    size=457810679
    sum=299b5003deb8e01353db2112ce4ccd245205b871f0fce52fb8315d1948ff2ae4
    ;;
  cpu)
    classifier=linux-x86_64
    size=90245300
    sum=67e9b5b7c2caf2e6ed0e81947f1ff712c9a0755faeff6a0c3436d4432a25cc06
    ;;
  *)
    sed -n '2,5s/^# \{0,1\}//p' "${BASH_SOURCE[0]}" >&2
    exit 2
    ;;
esac
version=2.10.0-1.5.13 # as in pom.xml
engine=$root/engine-torch/target/spark-lstm-engine-torch.jar
jars=$root/engine-torch/target/gpu-runtime
binding=$jars/pytorch-$version.jar
libtorch=$jars/pytorch-$version-$classifier.jar

if [ ! -e "$engine" ] || [ -n "$(find "$root/pom.xml" "$root"/{common,engine-torch}/{pom.xml,src/main} \
  -newer "$engine" -type f -print -quit)" ]; then
  (CDPATH="" cd "$root" && mvn -B -q -DskipTests -pl engine-torch -am package) >&2
fi
fetch() { # FILE CLASSIFIER SIZE SUM: copies a jar of org.bytedeco:pytorch, unless it is there
  if [ ! -e "$1" ]; then
    echo "Fetching $(basename "$1") …" >&2
    (CDPATH="" cd "$root" && mvn -B -q -C -N dependency:copy -Dartifact="org.bytedeco:pytorch:$version:jar$2" \
      -DoutputDirectory="$jars/new") >&2
    local new
    new=$jars/new/$(basename "$1")
    if [ "$(stat -c %s "$new")" != "$3" ] || ! echo "$4  $new" | sha256sum --check --status; then
      echo "$new is not the jar that it should be: it has another size or sha-256. Delete it, and look where your" \
        "Maven settings fetch jars." >&2
      exit 1
    fi
    mv "$new" "$1"
  fi
}
fetch "$binding" "" 2175739 d6568c04715ba67aa98139310dbaaa5e6d6ed481328a9571eb1071dd5b4bc32a
fetch "$libtorch" ":$classifier" "$size" "$sum"
echo "$engine,$binding,$libtorch"
