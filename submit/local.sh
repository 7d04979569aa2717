#!/usr/bin/env bash
# Trains on this machine, one worker a core. Needs JDK 17, Maven and git; builds first if needed.
#   submit/local.sh                                    the quickstart model on data/austen
#   submit/local.sh --model small --data-path DIR      anything else: see submit/local.sh --help
# Environment: CORES (default: all), DRIVER_MEMORY (default: spark.driver.memory, else 4g).
set -euo pipefail
here=$(dirname "$(readlink -f "${BASH_SOURCE[0]}")")
arguments=("$@")
case " $* " in *" --model"[\ =]*) ;; *) arguments+=(--model quickstart) ;; esac
case " $* " in *" --data-path"[\ =]*) ;; *) arguments+=(--data-path "file://$(dirname "$here")/data/austen") ;; esac
exec "$here/spark-submit.sh" \
  --master "local[${CORES:-*}]" \
  --conf spark.ui.enabled=false \
  -- "${arguments[@]}"
