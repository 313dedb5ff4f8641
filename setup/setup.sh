#!/usr/bin/env bash
# Installs what a Debian 12 machine lacks for Ounce. Run it as often as you like: what is there stays.
#
#   setup/setup.sh --for build|test|bench|lint [--all] [--check]
#
#   --for    what the machine is for; test, bench and lint include build
#   --all    with --for test: also the photographs of the 94 MB wallpaper package
#   --check  only say what would be done; exit status 1 if there is something to do
#
# Debian packages go onto the machine (root or sudo). All else goes into .deps/ of this folder
# (OUNCE_DEPS puts it elsewhere), and downloads stay in ~/.cache/ounce (OUNCE_CACHE) for the next clone.
# shellcheck disable=SC2034  # the parts of setup/ read what is set here
set -euo pipefail

setup=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
root=$(dirname "$setup")
deps=$(realpath -m "${OUNCE_DEPS:-$root/.deps}")
downloads=${OUNCE_CACHE:-${XDG_CACHE_HOME:-$HOME/.cache}/ounce}/downloads
purpose=build all=false check=false

while (($# > 0)); do
    case $1 in
        --for) purpose=${2:-}; shift $(($# > 1)) ;;
        --all) all=true ;;
        --check) check=true ;;
        -h | --help) sed -n '2,/^set/{/^set/d;/^# shellcheck/d;s/^# \{0,1\}//;p}' "${BASH_SOURCE[0]}"; exit 0 ;;
        *) printf 'setup: unknown option %s; see setup/setup.sh --help\n' "$1" >&2; exit 2 ;;
    esac
    shift
done
case $purpose in
    build | test | bench | lint) ;;
    *) printf 'setup: --for takes build, test, bench or lint, not "%s"\n' "$purpose" >&2; exit 2 ;;
esac

for part in lib debian fetch engine photographs python web clients peers; do
    # shellcheck source=/dev/null
    source "$setup/$part.sh"
done

begin
install_debian_packages
install_engine
install_backbones
case $purpose in
    test)
        install_npm_photographs
        install_debian_photographs
        install_test_python
        install_web_tests
        install_clients
        ;;
    bench) install_peers ;;
esac
finish
