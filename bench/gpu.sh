#!/usr/bin/env bash
# Tries the engine torch on a machine with a GPU that has no Java, no Maven and no network.
#   bench/gpu.sh pack CORPUS FOLDER         here: puts all that is needed into FOLDER; with "cpu" behind it for the CPU
#   FOLDER/gpu.sh run [PART …]              there: prints what we would like to know
# Parts: tests (all tests of the engine), speed (tokens/s, beside PyTorch if PYTHON has it), train (small to its
# perplexity); default: all. Environment: PYTHON (default: python3), REPEATS (default: 3), PRESETS (default: "small
# medium large"), LARGE_LANES (default: "20 64 256"), TRAIN (options of PtbTrain in place of --model small). There it
# needs bash, the driver, and the libraries that docs/guides/gpu.md lists.
set -euo pipefail
shopt -s inherit_errexit
here=$(dirname "$(readlink -f "${BASH_SOURCE[0]}")")
usage() {
  echo "$1" >&2
  sed -n '2,9s/^# \{0,1\}//p' "${BASH_SOURCE[0]}" >&2
  exit 2
}

pack() { # CORPUS FOLDER [cpu]
  local root corpus=$1 folder=$2 device=cuda
  root=$(dirname "$here")
  [ "${3:-}" = cpu ] && device=cpu
  [ -e "$corpus/ptb.train.txt" ] || usage "There is no $corpus/ptb.train.txt."
  [ ! -e "$folder" ] || usage "$folder exists already."
  (CDPATH="" cd "$root" && mvn -B -q -DskipTests package) >&2
  local torch
  torch=$("$root/submit/gpu-runtime.sh" "${3:-gpu}")
  mkdir -p "$folder"/{spark,torch,bench,tests,corpus}
  cp -r "$root/submit/runtime/target/spark/jars" "$folder/spark/"
  cp "$root/spark-job/target/spark-lstm.jar" "$root/conf/log4j2.properties" "$folder/"
  IFS=, read -ra jars <<< "$torch"
  cp "${jars[@]}" "$folder/torch/"
  cp "$root"/bench/target/lib/*.jar "$root"/bench/target/spark-lstm-bench-*.jar "$folder/bench/"
  cp "$root/bench/jmh_counters.py" "$root/bench/peers/pytorch_ptb.py" "$folder/bench/"
  local groups=org.assertj,net.bytebuddy,org.junit.jupiter,org.junit.platform,org.opentest4j,org.apiguardian
  (CDPATH="" cd "$root" && mvn -B -q -DskipTests -pl engine-torch -am package dependency:copy-dependencies \
    -DincludeScope=test -DincludeGroupIds="$groups" -DoutputDirectory="$folder/tests") >&2
  (CDPATH="" cd "$root" && mvn -B -q -N dependency:copy \
    -Dartifact="org.junit.platform:junit-platform-console-standalone:$(junit_platform "$folder/tests")" \
    -DoutputDirectory="$folder/tests") >&2
  cp "$root"/common/target/spark-lstm-common-*-tests.jar "$folder/tests/"
  "${JAVA_HOME:+$JAVA_HOME/bin/}jar" -cf "$folder/tests/engine-torch-tests.jar" \
    -C "$root/engine-torch/target/test-classes" .
  cp "$corpus"/ptb.{train,valid,test}.txt "$folder/corpus/"
  cp "${BASH_SOURCE[0]}" "$folder/gpu.sh"
  echo "$device" > "$folder/device"
  "${JAVA_HOME:+$JAVA_HOME/bin/}jlink" --add-modules ALL-MODULE-PATH --strip-debug --no-man-pages --no-header-files \
    --output "$folder/java"
  echo "$folder: $(du -sh "$folder" | cut -f1)"
}
junit_platform() { # FOLDER: the version of the engine among its jars
  basename "$(ls "$1"/junit-platform-engine-*.jar)" .jar | sed 's/.*-//'
}

run() { # PART …
  [ -e "$here/device" ] || usage "run is for a folder that pack made."
  device=$(cat "$here/device")
  python=${PYTHON:-python3}
  java=$here/java/bin/java
  work=$(mktemp -d)
  [ $# -gt 0 ] || set -- tests speed train
  echo "## The engine torch on $device, $(date +%F)"
  nvidia-smi --query-gpu=name,driver_version,compute_cap,memory.total --format=csv,noheader 2>/dev/null || true
  sed -n 's/^model name.*: //p' /proc/cpuinfo | sort | uniq -c
  for part in "$@"; do
    "run_$part"
  done
}

run_tests() {
  echo "### All tests of the engine"
  # Those of what is missing on a machine make class paths of their own.
  "$java" -cp "$here/tests/*:$here/torch/*:$here/spark-lstm.jar:$here/spark/jars/*" \
    org.junit.platform.console.ConsoleLauncher execute --select-package org.sparklstm.engine.torch \
    --details tree --disable-banner > "$work/tests" 2>&1 || true
  grep -E 'tests (found|successful|failed|aborted)' "$work/tests" || tail -n 40 "$work/tests"
  grep -E '\[X\]' "$work/tests" || true
}

rate() { # PRESET LANES PRECISION [DEVICE]: tokens/s of the engine, or a dash
  "$java" -cp "$here/bench/*:$here/torch/*:$here/spark-lstm.jar:$here/spark/jars/*" \
    org.openjdk.jmh.Main trainingRound -t 1 -p engine=torch -p preset="$1" -p lanes="$2" -p precision="$3" \
    -p device="${4:-$device}" -rf csv -rff "$work/jmh.csv" > "$work/jmh.log" 2>&1
  "$python" "$here/bench/jmh_counters.py" "$work/jmh.csv" | awk '/tokens/ {printf "%d", $NF}' | grep . || echo –
}
peer() { # PRESET LANES OPTION …: tokens/s of PyTorch, or a dash
  if ! "$python" -c 'import torch' 2> /dev/null; then
    echo –
    return
  fi
  "$python" "$here/bench/pytorch_ptb.py" "$here/corpus" "$1" --lanes "$2" --device "$device" "${@:3}" \
    2> "$work/peer.log" | sed -n 's/.*: \([0-9]*\) tokens.*/\1/p' | grep . || echo "–"
}
run_speed() {
  echo "### Training, tokens/s"
  echo "| preset | lanes | float32 | tf32 | bfloat16 | tf32, recorded | bfloat16, recorded |" \
    "PyTorch, float32 | PyTorch, bfloat16 |"
  echo "|---|---|---|---|---|---|---|---|---|"
  for preset in ${PRESETS:-small medium large}; do
    for lanes in $([ "$preset" = large ] && echo "${LARGE_LANES:-20 64 256}" || echo 20); do
      for _ in $(seq "${REPEATS:-3}"); do
        echo "| $preset | $lanes | $(rate "$preset" "$lanes" float32) | $(rate "$preset" "$lanes" tf32)" \
          "| $(rate "$preset" "$lanes" bfloat16) | $(rate "$preset" "$lanes" tf32 cuda-graph)" \
          "| $(rate "$preset" "$lanes" bfloat16 cuda-graph) | $(peer "$preset" "$lanes") | $(peer "$preset" "$lanes" --bf16) |"
      done
    done
  done
}

run_train() {
  echo "### PtbTrain in local[1]"
  # shellcheck disable=SC2206 # options, a word each
  local options=(${TRAIN:---model small}) command torch
  torch=$(printf ',%s' "$here"/torch/*.jar)
  export SPARK_HOME=$here/spark SPARK_SCALA_VERSION=2.12 JAVA_HOME=$here/java SPARK_LOCAL_IP=127.0.0.1
  mapfile -d '' -t command < <("$java" -cp "$SPARK_HOME/jars/*" org.apache.spark.launcher.Main \
    org.apache.spark.deploy.SparkSubmit --class PtbTrain --master 'local[1]' --driver-memory 4g --jars "${torch#,}" \
    --conf "spark.driver.defaultJavaOptions=-Dlog4j2.configurationFile=$here/log4j2.properties" \
    --conf spark.ui.enabled=false "$here/spark-lstm.jar" --data-path "file://$here/corpus" \
    --save-path "file://$work/run" --set engine.name=torch --set "engine.device=$device" "${options[@]}")
  [ "${#command[@]}" -gt 1 ] || exit 1
  command[1]=${command[1]#$'\n'}
  time "${command[@]:1}"
}

case ${1:-} in
  pack)
    [ $# -ge 3 ] || usage "pack needs CORPUS and FOLDER."
    pack "$(readlink -f "$2")" "$(readlink -m "$3")" "${@:4}"
    ;;
  run)
    for part in "${@:2}"; do
      case $part in tests | speed | train) ;; *) usage "There is no part $part." ;; esac
    done
    run "${@:2}"
    ;;
  *) usage "pack or run?" ;;
esac
