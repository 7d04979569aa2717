#!/usr/bin/env bash
# Prints the tables of speed.md, scaling.md, scoring.md and reliability.md in docs/measurements, measured on this
# machine:
#   bench/run.sh CORPUS [engine|precision|threads|vocabulary|score|whole|cluster|prepare|scaling|soak …]
# (default: all of them)
# CORPUS is a directory with ptb.train.txt, ptb.valid.txt and ptb.test.txt; data/fetch-ptb.sh makes one.
# Environment: PYTHON (default: python3), WORKERS (default: 2), REPEATS (default: 3), PRESETS (default: "small medium")
# and WORK (default: a new directory). PyTorch and TensorFlow are measured if PYTHON has them (bench/peers/README.md).
# shellcheck disable=SC2046 # "executors" prints options, a word each
set -euo pipefail
shopt -s inherit_errexit
usage() {
  echo "$1" >&2
  sed -n '2,8s/^# \{0,1\}//p' "${BASH_SOURCE[0]}" >&2
  exit 2
}
[ $# -ge 1 ] || usage "CORPUS is missing."
[ -d "$1" ] || usage "There is no directory $1."
bench=$(dirname "$(readlink -f "${BASH_SOURCE[0]}")")
root=$(dirname "$bench")
peers=$bench/peers
corpus=$(readlink -f "$1")
shift
[ $# -gt 0 ] || set -- engine precision threads vocabulary score whole cluster prepare scaling soak
for part in "$@"; do
  case $part in
    engine | precision | threads | vocabulary | score | whole | cluster | prepare | scaling | soak) ;;
    *) usage "There is no part $part." ;;
  esac
done
python=${PYTHON:-python3}
workers=${WORKERS:-2}
repeats=${REPEATS:-3}
work=${WORK:-$(mktemp -d)}
mkdir -p "$work"
(CDPATH="" cd "$root" && mvn -B -q -DskipTests package) >&2
app=$root/spark-job/target/spark-lstm.jar
spark=${SPARK_HOME:-$root/submit/runtime/target/spark}

jmh() { # PATTERN OPTION …: prints the counters, a line each: benchmark, parameters, rate
  env "${openmp:-OMP_NUM_THREADS=1}" java \
    -cp "$root/bench/target/classes:$root/bench/target/lib/*:$app:$spark/jars/*" \
    org.openjdk.jmh.Main "$@" -rf csv -rff "$work/jmh.csv" > "$work/jmh.log" 2>&1
  "$python" "$bench/jmh_counters.py" "$work/jmh.csv"
}
rate() { awk '{print $NF}'; }
machine() { lscpu | sed -n 's/^Model name: *//p;s/^CPU(s): */cores: /p' | tr '\n' ' '; date +%F; }

installed() { # MODULE: whether PYTHON has it
  "$python" -c 'import importlib.util, sys; sys.exit(importlib.util.find_spec(sys.argv[1]) is None)' "$1"
}
peer() { # MODULE PROGRAM ARGUMENT …: tokens/s, or nothing if PYTHON lacks the module or the program fails
  if installed "$1"; then
    "$python" "$peers/$2" "${@:3}" 2> "$work/$1.log" | sed -n 's/.*: \([0-9]*\) tokens.*/\1/p' | grep . \
      || echo "$2 failed or printed no rate: its messages are in $work/$1.log" >&2
  fi
}

rows() { # COMMAND: prints a row with it REPEATS times for each preset; windows is what a peer is timed on
  for preset in ${PRESETS:-small medium}; do
    windows=$([ "$preset" = small ] && echo 100 || echo 12)
    for _ in $(seq "$repeats"); do
      "$1"
    done
  done
}
pytorch() { peer torch pytorch_ptb.py "$corpus" "$preset" --windows "$windows" "$@"; } # OPTION …: tokens/s
tensorflow() { peer tensorflow tensorflow_ptb.py "$corpus" "$preset" "$windows"; }
ours() { jmh trainingRound -p preset="$preset" "$@" | grep tokens | rate; } # OPTION …: tokens/s

engine() {
  echo "### Engine alone, tokens/s ($(machine))"
  installed torch || printf '\nPyTorch is not installed: its column is empty.\n\n'
  echo "| preset | PyTorch | TensorFlow | oneDNN, $workers workers | ratio to the faster" \
    "| gemm GFLOP/s, $workers workers | share |"
  echo "|---|---|---|---|---|---|---|"
  rows engine_row
  echo "### small, tokens/s: the reference engine with $workers workers;" \
    "DL4J's own fit with its defaults, and with one thread"
  jmh trainingRound -t "$workers" -p preset=small -p engine=dl4j | grep tokens
  openmp=--unset=OMP_NUM_THREADS jmh StockDl4j | grep tokens
  jmh StockDl4j | grep tokens
  echo "### Allocation a round of ten windows, bytes"
  jmh trainingRound -t 1 -p preset=small -prof gc >/dev/null
  grep -o 'gc.alloc.rate.norm.*B/op' "$work/jmh.log" | tail -1
}

engine_row() {
  flop=$([ "$preset" = small ] && echo 15.84e-3 || echo 79.56e-3) # GFLOP a token
  torch=$(pytorch)
  tf=$(tensorflow)
  plain=$(ours -t "$workers")
  gemm=$(jmh product -t "$workers" -p rowsColumnsInner="400 10000 200" | grep gigaflop | rate)
  awk -v p="$preset" -v a="${torch:-0}" -v b="${tf:-0}" -v o="$plain" -v g="$gemm" -v f="$flop" 'BEGIN {
    faster = a > b ? a : b
    printf "| %s | %s | %s | %d | %s | %.0f | %.0f %% |\n", p, a ? a : "–", b ? b : "–", o,
      faster ? sprintf("%.2f", o / faster) : "–", g, 100 * o * f / g }'
}

precision() {
  if ! grep -qm1 avx512_bf16 /proc/cpuinfo; then
    echo "precision is left out: this processor has no avx512_bf16" >&2
    return
  fi
  echo "### Engine alone, engine.precision in turn, tokens/s of $workers workers ($(machine))"
  echo "| preset | PyTorch | PyTorch, bfloat16 | TensorFlow | float32 | bfloat16 | ratio | ratio to the fastest peer |"
  echo "|---|---|---|---|---|---|---|---|"
  rows precision_row
}
precision_row() {
  torch=$(pytorch)
  torch16=$(pytorch --bf16)
  tf=$(tensorflow)
  plain=$(ours -t "$workers")
  rounded=$(ours -t "$workers" -p precision=bfloat16)
  awk -v p="$preset" -v t="${torch:-0}" -v u="${torch16:-0}" -v f="${tf:-0}" -v a="$plain" -v b="$rounded" 'BEGIN {
    fastest = t > u ? t : u
    fastest = f > fastest ? f : fastest
    printf "| %s | %s | %s | %s | %d | %d | %.2f | %s |\n", p, t ? t : "–", u ? u : "–", f ? f : "–", a, b, b / a,
      fastest ? sprintf("%.2f", b / fastest) : "–" }'
}

threads() {
  echo "### Engine alone, tokens/s: $workers workers of one thread, and one worker of $workers threads ($(machine))"
  echo "| preset | workers | threads | PyTorch |"
  echo "|---|---|---|---|"
  rows threads_row
}
threads_row() {
  each=$(ours -t "$workers")
  one=$(ours -t 1 -p threads="$workers")
  torch=$(pytorch --threads "$workers")
  printf '| %s | %.0f | %.0f | %s |\n' "$preset" "$each" "$one" "${torch:-–}"
}

vocabulary() {
  preset=small
  echo "### Engine alone, $preset, tokens/s of $workers workers by words and softmax samples ($(machine))"
  echo "| words | all | 8,192 | 4,096 | 2,048 |"
  echo "|---|---|---|---|---|"
  for words in 10000 50000 100000; do
    for _ in $(seq "$repeats"); do
      printf '| %s |' "$words"
      for samples in 0 8192 4096 2048; do
        printf ' %.0f |' "$(ours -t "$workers" -p words="$words" -p samples="$samples")"
      done
      echo
    done
  done
}

score() {
  echo "### Scoring with small, predictions/s of $workers tasks: the scorer, and the engine alone ($(machine))"
  for _ in $(seq "$repeats"); do
    jmh ScoringBenchmark -t "$workers" | grep predictions
  done
}

train() { # MASTER OPTION … -- OPTION …: a new run in $work/run
  rm -rf "$work/run"
  SPARK_LOCAL_IP=127.0.0.1 "$root/submit/spark-submit.sh" --master "$@" --save-path "$work/run" >&2
}
executors() { # COUNT MEMORY: the options for executors of one core, all there when training starts
  echo --executor-cores 1 --executor-memory "$2" --total-executor-cores "$1" \
    --conf spark.scheduler.minRegisteredResourcesRatio=1.0
}

epoch() { # WORKERS MASTER OPTION …: tokens/s of the first epoch of small
  train "${@:2}" --conf spark.ui.enabled=false -- --model small --data-path "$corpus" --set train.epochs=1 \
    --set cluster.workers="$1"
  sed -n 's/.*"tokens_per_second":\([0-9]*\).*/\1/p' "$work/run/metrics.jsonl"
}

whole() {
  echo "### PtbTrain in local[$workers], small, one epoch, and the engine alone ($(machine))"
  alone=$(jmh trainingRound -t "$workers" -p preset=small | grep tokens | rate)
  program=$(epoch "$workers" "local[$workers]")
  after=$(jmh trainingRound -t "$workers" -p preset=small | grep tokens | rate)
  echo "engine before $alone, PtbTrain $program, engine after $after tokens/s"
  "$python" "$bench/round_times.py" "$work/run/metrics.jsonl"
}

cluster() {
  echo "### Standalone cluster, small, one epoch ($(machine))"
  with_cluster "$workers" 2g cluster_epochs
}
cluster_epochs() {
  one=$(epoch 1 "$1" $(executors 1 2g))
  all=$(epoch "$workers" "$1" $(executors "$workers" 2g))
  waves=$(epoch "$workers" "$1" $(executors 1 2g))
  echo "$workers workers on $workers executors: $all tokens/s;" \
    "one executor: $one as one worker, $waves as $workers in turn"
}

prepare() {
  echo "### Preparing data, driver heap 1 GiB, $workers executors of one core ($(machine))"
  with_cluster "$workers" 4g prepare_text
}
prepare_text() {
  "$root/submit/spark-class.sh" org.apache.spark.deploy.SparkSubmit --master "$1" --driver-memory 1g \
    --executor-memory 4g --executor-cores 1 --conf spark.ui.enabled=false --jars "$app" \
    --class org.sparklstm.bench.PrepareBenchmark "$root"/bench/target/spark-lstm-bench-*.jar \
    "$work/text" 1000000 10000000 100000000 2> "$work/prepare.log"
}

scaling() {
  echo "### One core, small, milliseconds of a window of so many lanes ($(machine))"
  jmh trainingRound -t 1 -p preset=small -p lanes=1,2,3,5,6,10,20,40 | grep tokens \
    | awk '{printf "%s:%.1f\n", $4, 1000 * 20 * $4 / $NF}' # parameters in alphabetical order: device, engine, lanes, …
  echo "### Standalone cluster, small, milliseconds of a round of 8 windows, medians of an epoch ($(machine))"
  echo "| workers | combine | compute | broadcast | combine | all else | round |"
  echo "|---|---|---|---|---|---|---|"
  mkdir -p "$work/slice"
  for part in train:3000 valid:300 test:40; do
    head -n "${part#*:}" "$corpus/ptb.${part%:*}.txt" > "$work/slice/${part%:*}.txt"
  done
  for count in 1 2 4; do
    with_cluster "$count" 2g scaling_rounds
  done
}
scaling_rounds() {
  for combine in driver tree sharded; do
    train "$1" $(executors "$count" 2g) --conf spark.ui.enabled=false -- --model small --data-path "$work/slice" \
      --set train.epochs=1 --set data.lanes=20 --set averaging.period=8 --set averaging.combine="$combine"
    "$python" "$bench/round_times.py" "$work/run/metrics.jsonl" --row "$count" "$combine"
  done
}

soak() {
  echo "### 1,000 rounds of test on a standalone cluster ($(machine))"
  with_cluster "$workers" 1g soak_rounds
}
soak_rounds() {
  rm -rf "$work/run"
  "$root/submit/spark-submit.sh" --master "$1" $(executors "$workers" 1g) --conf spark.ui.port=14040 -- --model test \
    --data-path "$corpus" --set averaging.period=23 --save-path "$work/run" >&2 & # this process becomes the driver
  job=$!
  pids+=("$job") # so that it ends with the cluster if the watch fails
  "$python" "$bench/watch_soak.py" "$work" "$job"
  wait "$job"
  unset 'pids[-1]'
}

with_cluster() { # WORKERS MEMORY COMMAND: runs COMMAND MASTER on a cluster of this machine
  local master=spark://127.0.0.1:17177
  pids=()
  export SPARK_LOCAL_IP=127.0.0.1
  "$root/submit/spark-class.sh" org.apache.spark.deploy.master.Master --host 127.0.0.1 --port 17177 --webui-port 0 \
    > "$work/master.log" 2>&1 &
  pids+=($!)
  trap 'kill "${pids[@]}" 2>/dev/null || true' EXIT
  for i in $(seq "$1"); do
    "$root/submit/spark-class.sh" org.apache.spark.deploy.worker.Worker --host 127.0.0.1 --webui-port 0 --cores 1 \
      --memory "$2" --work-dir "$work/worker$i" "$master" > "$work/worker$i.log" 2>&1 &
    pids+=($!)
  done
  for _ in $(seq 60); do
    [ "$(grep -c 'Registering worker' "$work/master.log")" -lt "$1" ] || break
    sleep 1
  done
  if [ "$(grep -c 'Registering worker' "$work/master.log")" -lt "$1" ]; then
    echo "The cluster of $1 workers did not come up within a minute: see $work/master.log and $work/worker1.log" >&2
    exit 1
  fi
  "$3" "$master"
  kill "${pids[@]}"
  wait
}

for part in "$@"; do
  "$part"
done
