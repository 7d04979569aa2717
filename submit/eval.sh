#!/usr/bin/env bash
# Gives the perplexity of texts under a trained model, on this machine.
#   submit/eval.sh --model-path runs/first --data-path my-text/test.txt     more: submit/eval.sh --help
set -euo pipefail
here=$(dirname "$(readlink -f "${BASH_SOURCE[0]}")")
CLASS=PtbEval exec "$here/spark-submit.sh" --master "local[${CORES:-*}]" --conf spark.ui.enabled=false -- "$@"
