#!/usr/bin/env bash
# run.sh BUILD: everything that docs/PERFORMANCE.md reports about sifting, as tables.
set -euo pipefail

bench=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
build=$1

printf '\n## Rate of sifting\n\n'
python3 "$bench/sift_rate.py" "$build"
printf '\n## Memory of sifting\n\n'
python3 "$bench/sift_memory.py" "$build"
