#!/usr/bin/env bash
# Writes a trained model as an ONNX file, without a Spark session.
#   submit/export.sh --model-path runs/first --onnx model.onnx     more: submit/export.sh --help
set -euo pipefail
exec "$(dirname "$(readlink -f "${BASH_SOURCE[0]}")")/tool.sh" PtbExport "$@"
