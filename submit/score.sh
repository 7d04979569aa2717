#!/usr/bin/env bash
# Ranks and filters documents by their perplexity under a trained model, on this machine.
#   submit/score.sh --model-path runs/first --input docs.jsonl --output scored     more: submit/score.sh --help
# On a cluster: CLASS=PtbScore submit/standalone.sh …, or yarn.sh, or kubernetes.sh.
set -euo pipefail
here=$(dirname "$(readlink -f "${BASH_SOURCE[0]}")")
CLASS=PtbScore exec "$here/spark-submit.sh" --master "local[${CORES:-*}]" --conf spark.ui.enabled=false -- "$@"
