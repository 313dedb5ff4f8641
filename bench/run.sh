#!/usr/bin/env bash
# run.sh BUILD: everything that docs/PERFORMANCE.md reports about sifting and quality, as tables.
set -euo pipefail

bench=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
build=$1

printf '\n## Rate of sifting\n\n'
python3 "$bench/sift_rate.py" "$build"
printf '\n## Memory of sifting\n\n'
python3 "$bench/sift_memory.py" "$build"
printf '\n## Quality\n\n'
"$build/bin/bench_quality" "$bench/../demo/photographs/manifest.csv" 2>/dev/null
