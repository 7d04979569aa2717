#!/usr/bin/env bash
# Says what a run, a model or a checkpoint is, without a Spark session.
#   submit/inspect.sh runs/first        more: submit/inspect.sh --help
set -euo pipefail
exec "$(dirname "$(readlink -f "${BASH_SOURCE[0]}")")/tool.sh" PtbInspect "$@"
