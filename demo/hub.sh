#!/usr/bin/env bash
# hub.sh PROGRAM HUB: the loop over the network, on this machine: a hub learns from the photographs that run.sh laid
# out, answers for pictures it never saw, and a device's messages with those answers are watched as they come.
# Everything it makes lies in demo/out/hub; the hub has ports of its own choice and ends with the script.
set -euo pipefail

demo=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
ounce=$(realpath "$1") hub=$(realpath "$2")
out=$demo/out/hub
pictures_sent=6

exec 3>&1 # what is run is shown, also where its output goes to a file
step() { printf '\n\033[1m== %s\033[0m\n' "$*"; }
run() {
    printf '$ %s' "$(basename "$1")" >&3
    printf ' %q' "${@:2}" >&3
    printf '\n' >&3
    "$@"
}

rm -rf "$out"
mkdir -p "$out/tagged"
cd "$demo"

step "6. The same over the network: a hub, with keys and certificates of its own"
{
    read -r _ # the head of the table
    while IFS=, read -r file tag _; do
        mkdir -p "$out/tagged/$tag"
        cp "$file" "$out/tagged/$tag/"
    done
} <out/learn.csv
mkdir "$out/data"
printf "[listen]\naddress = '127.0.0.1'\nhttps_port = 0\nmqtt_port = 0\n" >"$out/data/hub.toml"
run "$hub" init --data "$out/data" --host localhost >/dev/null # it prints keys
printf '$ %s serve --data %s &\n' "$(basename "$hub")" "$out/data"
coproc serving { exec "$hub" serve --data "$out/data" --json 2>"$out/hub.log"; }
# shellcheck disable=SC2154 # coproc sets serving_PID
trap 'kill "$serving_PID" 2>/dev/null; wait "$serving_PID" 2>/dev/null || true' EXIT
read -r ready <&"${serving[0]}" || { cat "$out/hub.log" >&2; exit 1; }
port=$(sed -E 's/.*"https":([0-9]+).*/\1/' <<<"$ready")
# In the environment, so that the demo changes no profile of yours; 'ounce login' is what a person uses.
OUNCE_CONNECTION_STRING=$("$hub" connection-string --data "$out/data" | sed -E "s/^HostName=[^;]*/HostName=localhost:$port/")
export OUNCE_CONNECTION_STRING OUNCE_CA=$out/data/keys/ca.pem

step "7. Tag, train and publish over its API (the wire of the Custom Vision clients)"
run "$ounce" vision project create demo
run "$ounce" vision upload demo "$out/tagged" --negative empty
run "$ounce" vision train demo
run "$ounce" vision performance demo
run "$ounce" vision publish demo --as current

step "8. Keep the model: fetched as a package, registered under a name that counts versions"
run "$ounce" vision export demo --platform Ounce --out "$out/package.zip"
python3 -m zipfile -e "$out/package.zip" "$out/package"
run "$ounce" model register demo-species "$out/package" --tag area=demo
run "$ounce" model list

step "9. A camera's answers: classified by the hub, sent as a device's messages, watched as they come"
run "$ounce" device create cam-1
mapfile -t some < <(tail -n +2 out/truth.csv | grep -v ',empty$' | shuf -n "$pictures_sent" --random-source=out/truth.csv | cut -d, -f1)
"$ounce" monitor --from earliest --count "$pictures_sent" >"$out/seen.txt" 2>"$out/monitor.log" &
monitor=$!
printf '$ %s monitor --from earliest --count %s &\n' "$(basename "$ounce")" "$pictures_sent"
run "$ounce" vision classify demo current "${some[@]/#/out/cards/}" --json >"$out/answers.jsonl"
while IFS= read -r answer; do
    "$ounce" device send cam-1 --body "$answer" --property camera=north >/dev/null
done <"$out/answers.jsonl"
wait "$monitor"
cut -c 1-150 "$out/seen.txt"
printf '\nwhat the hub logged: %s\n' "$out/hub.log"
