#!/usr/bin/env bash
# run.sh PROGRAM HUB: learns from real camera-trap photographs, sifts memory cards that were kept apart, then does
# the same over the network with a hub (hub.sh).
# Everything it makes lies in demo/out, anew each time; the photographs themselves are only read.
set -euo pipefail

demo=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
ounce=$(realpath "$1") hub=$(realpath "$2")
out=$demo/out

step() { printf '\n\033[1m== %s\033[0m\n' "$*"; }
run() {
    local status=0
    printf '$ %s\n' "$(basename "$1") ${*:2}"
    "$@" || status=$?
    # 3: the work was done, but for some files (docs/CLI.md). The cards hold broken ones on purpose.
    ((status == 0 || status == 3)) || exit "$status"
}

rm -rf "$out"
cd "$demo"

step "1. Photographs: part to learn from, part laid out as memory cards (nested folders, bursts, broken files)"
python3 make_cards.py photographs out

step "2. Sift the cards with no training at all"
echo "(Two constants of the built-in gate were fitted on frames of this set, these among them: a show, no measure.)"
run "$ounce" sift out/cards --out out/untrained

step "3. Learn the species from the tagged photographs"
run "$ounce" train out/learn.csv --negative empty --out out/model

step "4. Measure on visits it never saw"
run "$ounce" evaluate out/held-out.csv --model out/model

step "5. Sift the same cards with what was learnt"
run "$ounce" sift out/cards --model out/model --out out/sifted

./hub.sh "$ounce" "$hub"

step "Look at the pictures"
printf 'trained:   %s\nuntrained: %s\n' "$out/sifted/index.html" "$out/untrained/index.html"
printf 'what the cards really hold: %s\n' "$out/truth.csv"
