#!/usr/bin/env bash
# Installs Debian packages and starts none of their services, now or with the machine: tests and benches start
# the brokers and engines that they need themselves, and end them. What ran before goes on running, and nothing
# is removed: a machine with an engine of another maker keeps it, and is told.
#
#   install_debian.sh PACKAGE...      (as root)
set -euo pipefail

policy=/usr/sbin/policy-rc.d # Debian's own way to say whether a package may start what it brings
own_policy=

units_that_start() {
    command -v systemctl > /dev/null || return 0
    systemctl list-unit-files --no-legend --plain --state=enabled 2> /dev/null | cut -d' ' -f1 | sort
}

# Also when apt-get fails half-way.
leave_machine_as_it_was() {
    [[ -z $own_policy ]] || rm -f "$policy"
    local new
    mapfile -t new < <(comm -13 <(printf '%s\n' "$before") <(units_that_start))
    ((${#new[@]} == 0)) || systemctl disable --quiet "${new[@]}"
}

before=$(units_that_start)
trap leave_machine_as_it_was EXIT
# A policy that is there already is the owner's; a container's, for example, starts nothing either.
if [[ ! -e $policy ]]; then
    own_policy=yes
    install -m 755 "$(dirname "${BASH_SOURCE[0]}")/start_nothing.sh" "$policy"
fi
DEBIAN_FRONTEND=noninteractive apt-get -q install -y --no-install-recommends --no-remove -o Dpkg::Use-Pty=0 -- "$@"
