#!/usr/bin/env bash
# run.sh BUILD: everything that docs/PERFORMANCE.md reports about sifting, quality and the hub, as tables.
set -euo pipefail

bench=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
build=$1

printf '\n## Rate of sifting\n\n'
python3 "$bench/sift_rate.py" "$build"
printf '\n## Memory of sifting\n\n'
python3 "$bench/sift_memory.py" "$build"
printf '\n## Quality\n\n'
"$build/bin/bench_quality" "$bench/../demo/photographs/manifest.csv" 2>/dev/null
printf '\n## Messages from devices\n\n'
python3 "$bench/hub_rate.py" "$build"
printf '\n## Idle devices, handshakes, start\n\n'
python3 "$bench/hub_idle.py" "$build"
printf '\n## Vision over the API\n\n'
"$bench/../.deps/bench/venv/bin/python" "$bench/hub_vision.py" "$build"
