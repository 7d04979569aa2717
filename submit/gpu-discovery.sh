#!/usr/bin/env bash
# Tells Spark which GPUs this machine has. Give its path to a worker as spark.worker.resource.gpu.discoveryScript, or
# to executors as spark.executor.resource.gpu.discoveryScript. Without nvidia-smi or a GPU the list is empty.
set -euo pipefail
indices=$(nvidia-smi --query-gpu=index --format=csv,noheader 2>/dev/null || true)
addresses=$(grep -E '^[0-9]+$' <<< "$indices" | sed 's/.*/"&"/' | paste -sd, - || true)
echo "{\"name\": \"gpu\", \"addresses\": [$addresses]}"
