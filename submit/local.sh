#!/usr/bin/env bash
# Trains on this machine, one worker a core. Needs JDK 17, Maven and git; builds first if needed.
#   submit/local.sh                                    the quickstart model on data/austen, kept in runs/
#   submit/local.sh --model small --data-path DIR      anything else: see submit/local.sh --help
# Environment: CORES (default: all), DRIVER_MEMORY (default: spark.driver.memory, else 4g).
set -euo pipefail
here=$(dirname "$(readlink -f "${BASH_SOURCE[0]}")")
train=("$here/spark-submit.sh" --master "local[${CORES:-*}]" --conf spark.ui.enabled=false --)
austen=file://$(dirname "$here")/data/austen
if [ $# -eq 0 ]; then
  number=1
  while [ -e "runs/quickstart-$number" ]; do number=$((number + 1)); done
  run=runs/quickstart-$number
  echo "Keeps the model and all else in $run" >&2
  "${train[@]}" --model quickstart --data-path "$austen" --save-path "$run"
  submit=$(realpath --relative-to=. "$here")
  cat >&2 << EOF

The model is in $run/model, and a report for your browser in $run/report.html. Next:
  $submit/generate.sh --model-path $run --prompt "she was"
  $submit/score.sh --model-path $run --input YOUR-DOCUMENTS.jsonl --output scored
  $submit/eval.sh --model-path $run --data-path YOUR-TEXT.txt
  $submit/inspect.sh $run --nearest captain
EOF
  exit
fi
case " $* " in *" --model"[\ =]*) ;; *) set -- "$@" --model quickstart ;; esac
case " $* " in *" --data-path"[\ =]*) ;; *) set -- "$@" --data-path "$austen" ;; esac
exec "${train[@]}" "$@"
