# The Python packages that tests use, in an environment of their own.
# shellcheck shell=bash
# shellcheck disable=SC2154  # setup.sh sets setup and deps

install_test_python() {
    step venv "$(python_version) $(sha256sum < "$setup/requirements-test.txt")" venv/bin/pytest 1 \
        "pytest" make_venv venv "$setup/requirements-test.txt"
}

# What an environment is bound to. With --check on a fresh machine there is none yet.
python_version() { python3 --version 2> /dev/null || printf 'no Python\n'; }

# make_venv FOLDER REQUIREMENTS: an environment with these packages. It is made where it stays, since its programs
# hold their own path; without its stamp it does not count.
make_venv() {
    rm -rf "${deps:?}/$1"
    python3 -m venv "$deps/$1"
    pip_install "$1" "$2"
}

# pip_install FOLDER REQUIREMENTS [OPTION...]: all files come with a hash, and pip refuses any other. Ready wheels
# only, unless the options name what is built here.
pip_install() {
    logged "$deps/$1/bin/python" -m pip install --disable-pip-version-check --no-deps --only-binary=:all: \
        --require-hashes --requirement "$2" "${@:3}" ||
        die "pip could not install $2; the log is $deps/setup.log." "Is there a network? Try again."
}
