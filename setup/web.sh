# What the tests of pages use: playwright-core drives Debian's chromium, axe-core looks for barriers.
# shellcheck shell=bash
# shellcheck disable=SC2154  # setup.sh sets root and deps

install_web_tests() {
    step web "$(sha256sum < "$root/tests/web/package-lock.json")" web/node_modules 12 \
        "playwright-core and axe-core" make_node_packages web "$root/tests/web"
}

# make_node_packages FOLDER SOURCE: what SOURCE/package-lock.json names, each with its hash. Scripts of packages
# are not run: what is used lies in the packages themselves. What npm has once fetched it does not ask for again.
make_node_packages() {
    local work
    need_npm
    work=$(work_folder "${1//\//-}")
    cp "$2/package.json" "$2/package-lock.json" "$work"
    (cd "$work" && logged npm ci --prefer-offline --ignore-scripts --no-audit --no-fund) ||
        die "npm could not install the packages of $2; the log is $deps/setup.log. Is there a network? Try again."
    place "$work" "$1"
}
