# Pinned files of PyPI and npm (setup/pins.tsv), kept by their hash.
# shellcheck shell=bash
# shellcheck disable=SC2154  # setup.sh sets setup and downloads

# pin NAME: the line of setup/pins.tsv that fits this machine, as
# "registry version file sha256 megabytes"; ends set-up if there is none.
pin() {
    local registry name version machine file sha256 megabytes
    while IFS=$'\t' read -r registry _ name version machine file sha256 megabytes; do
        if [[ $name == "$1" && ($machine == any || $machine == "$(uname -m)") ]]; then
            printf '%s %s %s %s %s\n' "$registry" "$version" "$file" "$sha256" "$megabytes"
            return
        fi
    done < "$setup/pins.tsv"
    die "setup/pins.tsv has no $1 for $(uname -m); Ounce runs on x86_64 and aarch64"
}

# fetch NAME: prints the path of the pinned file, downloading it if it is not here. Only a file with the
# right hash ever gets that path.
fetch() {
    local registry version file sha256 folder part line
    line=$(pin "$1")
    read -r registry version file sha256 _ <<< "$line"
    folder=$downloads/$sha256
    if [[ ! -f $folder/$file ]]; then
        part=$(mktemp -d "$downloads/part-XXXXXX")
        "fetch_from_$registry" "$1" "$version" "$file" "$part" >> "$deps/setup.log" 2>&1 ||
            die "could not download $1 $version from $registry." \
                "Is there a network? Try again; the log is $deps/setup.log."
        if ! printf '%s  %s\n' "$sha256" "$part/$file" | sha256sum --check --status 2> /dev/null; then
            rm -rf "$part"
            die "$file of $1 $version from $registry is not the file that setup/pins.tsv names (SHA-256)." \
                "Try again; if it stays so, the registry's file was changed: do not use it."
        fi
        mkdir -p "$folder"
        mv "$part/$file" "$folder/$file"
        rm -rf "$part"
    fi
    printf '%s\n' "$folder/$file"
}

# The wheel's own name says for which Python and platform it is, so that pip of any Python fetches it.
fetch_from_pypi() {
    local name=$1 version=$2 file=$3 folder=$4 tags python abi platform flags=()
    tags=${file%.whl}
    platform=${tags##*-} tags=${tags%-*}
    abi=${tags##*-} tags=${tags%-*}
    python=${tags##*-}
    if [[ $platform != any ]]; then
        flags=(--platform "${platform%%.*}" --abi "$abi" --implementation cp --python-version "${python#cp}")
    fi
    python3 -m pip download --no-deps --only-binary=:all: "${flags[@]}" --dest "$folder" "$name==$version"
}

# need_npm: Debian's npm where there is no other: with what it needs it is 400 small packages.
need_npm() {
    command -v npm > /dev/null && return
    say "  npm, as a Debian package"
    apt_install npm
}

fetch_from_npm() {
    npm pack --silent --pack-destination "$4" "$1@$2"
}
