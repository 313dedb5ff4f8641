# What the steps of set-up share: words for the person, stamps, the log.
# shellcheck shell=bash
# shellcheck disable=SC2154  # setup.sh sets deps, check and purpose

steps_to_do=0

say() { printf 'setup: %s\n' "$*"; }
die() {
    printf 'setup: %s\n' "$@" >&2
    exit 1
}

begin() {
    $check && return
    mkdir -p "$deps/.stamps" "$downloads"
    log=$deps/setup.log
    # Two set-ups at once (two terminals, or make -j) would install over each other.
    exec 9> "$deps/.lock"
    flock -n 9 || { say "waiting for another set-up of this folder to end"; flock 9; }
    # What an interrupted run left half made.
    rm -rf "$deps"/.part-*
}

finish() {
    if $check; then
        ((steps_to_do == 0)) && { say "nothing to do"; return; }
        exit 1
    fi
    ((steps_to_do == 0)) || say "ready for '$purpose' after $SECONDS s"
}

# step NAME KEY OUTPUT MB WHAT COMMAND...: runs COMMAND unless NAME was made from KEY before and OUTPUT
# (under .deps) is there. KEY holds all that decides the result: versions, hashes.
step() {
    local stamp=$deps/.stamps/$1 key=$2 output=$3 megabytes=$4 what=$5 began=$SECONDS
    shift 5
    if [[ -e $deps/$output && -f $stamp && $(< "$stamp") == "$key" ]]; then return; fi
    announce "$what" "$megabytes" || return 0
    need_space $((${megabytes%.*} * 6 + 100)) "$deps"
    rm -f "$stamp"
    "$@"
    [[ -e $deps/$output ]] || die "$what: made no $deps/$output; this is a mistake in setup/"
    printf '%s\n' "$key" > "$stamp.part"
    mv "$stamp.part" "$stamp"
    say "  done in $((SECONDS - began)) s"
}

# Says what comes next. False if it shall not be done now (--check).
announce() {
    steps_to_do=$((steps_to_do + 1))
    if $check; then
        say "would install $1 ($2 MB)"
        return 1
    fi
    say "$1 ($2 MB)"
}

# place FOLDER OUTPUT: puts a finished folder in the place of OUTPUT, so that no half of it is ever seen.
place() {
    mkdir -p "$(dirname "$deps/$2")"
    rm -rf "${deps:?}/$2"
    mv "$1" "$deps/$2"
}

# An empty folder for a step to work in; removed by place, or by the next run.
work_folder() {
    local folder=$deps/.part-$1
    rm -rf "$folder"
    mkdir -p "$folder"
    printf '%s\n' "$folder"
}

# need_space MB FOLDER
need_space() {
    local free
    free=$(df --output=avail --block-size=1M "$2" | tail -1)
    ((free >= $1)) || die "$2 has $free MB free, this step needs $1 MB: free some space and run it again"
}

# logged COMMAND...: runs it with its output in .deps/setup.log, showing a line now and then.
logged() {
    printf '\n$ %s\n' "$*" >> "$log"
    "$@" < /dev/null 2>&1 | tee -a "$log" | show_some
}

show_some() {
    local line shown=$SECONDS began=$SECONDS
    while IFS= read -r line; do
        if [[ $line == "Need to get"* ]]; then
            say "  $line"
        elif ((SECONDS - shown >= 5)); then
            shown=$SECONDS
            say "  $((SECONDS - began)) s: ${line:0:100}"
        fi
    done
}

as_root() {
    if ((EUID == 0)); then
        "$@"
    elif command -v sudo > /dev/null; then
        sudo "$@"
    else
        die "root is needed to install Debian packages: run this as root, or install sudo"
    fi
}
