#!/usr/bin/env bash
# Continues a text with a trained model, without a Spark session.
#   submit/generate.sh --model-path runs/first --prompt "she was"      more: submit/generate.sh --help
set -euo pipefail
exec "$(dirname "$(readlink -f "${BASH_SOURCE[0]}")")/tool.sh" PtbGenerate "$@"
