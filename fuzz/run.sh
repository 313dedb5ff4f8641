#!/usr/bin/env bash
# run.sh BUILD SECONDS: runs each fuzzer of BUILD that long, from its seeds in fuzz/corpus. What it finds is
# kept in BUILD/corpus; an input that breaks something is left in BUILD and ends the run.
set -euo pipefail

build=$1 seconds=$2
seeds=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)/corpus

for program in "$build"/bin/*_fuzz; do
    name=$(basename "$program" _fuzz)
    found=$build/corpus/$name
    mkdir -p "$found"
    printf '%s for %s s\n' "$name" "$seconds"
    "$program" -max_total_time="$seconds" -rss_limit_mb=2048 -timeout=20 -print_final_stats=1 \
        -artifact_prefix="$build/$name-" "$found" "$seeds/$name"
done
