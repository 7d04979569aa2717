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
cuda=13.1-9.19-1.5.13
engine=$root/engine-torch/target/spark-lstm-engine-torch.jar
jars=$root/engine-torch/target/gpu-runtime

if [ ! -e "$engine" ] || [ -n "$(find "$root/pom.xml" "$root"/{common,engine-torch}/{pom.xml,src/main} \
  -newer "$engine" -type f -print -quit)" ]; then
  (CDPATH="" cd "$root" && mvn -B -q -DskipTests -pl engine-torch -am package) >&2
fi
fetch() { # ARTIFACT VERSION CLASSIFIER SIZE SUM: copies a jar of org.bytedeco, unless it is there, and adds its name
  local file=$jars/$1-$2${3:+-$3}.jar
  if [ ! -e "$file" ]; then
    echo "Fetching $(basename "$file") …" >&2
    (CDPATH="" cd "$root" && mvn -B -q -C -N dependency:copy -Dartifact="org.bytedeco:$1:$2:jar${3:+:$3}" \
      -DoutputDirectory="$jars/new") >&2
    local new
    new=$jars/new/$(basename "$file")
    if [ "$(stat -c %s "$new")" != "$4" ] || ! echo "$5  $new" | sha256sum --check --status; then
      echo "$new is not the jar that it should be: it has another size or sha-256. Delete it, and look where your" \
        "Maven settings fetch jars." >&2
      exit 1
    fi
    mv "$new" "$file"
  fi
  list+=,$file
}
list=$engine
fetch pytorch "$version" "" 2175739 d6568c04715ba67aa98139310dbaaa5e6d6ed481328a9571eb1071dd5b4bc32a
fetch pytorch "$version" "$classifier" "$size" "$sum"
if [ "$classifier" = linux-x86_64-gpu ]; then # to record what a GPU does
  fetch cuda "$cuda" "" 1071920 d73134336b62283184a439b53f1a770c48961317bd53a858799920d19fa42882
  fetch cuda "$cuda" linux-x86_64 4981951 52fae29c3a9f47a5652bf90640b6c203005b0e39bfbc2602036845e9fc0c5a5c
fi
echo "$list"
