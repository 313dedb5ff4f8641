# Debian packages, by name, from the machine's own sources.
# shellcheck shell=bash
# shellcheck disable=SC2154  # setup.sh sets setup, deps and purpose

install_debian_packages() {
    local missing
    missing=$(wanted_packages | lacking_packages) || exit 1
    [[ -n $missing ]] || return 0
    announce "Debian packages: ${missing//$'\n'/ }" "up to 350" || return 0
    local names
    mapfile -t names <<< "$missing"
    need_space 2000 /usr
    apt_install "${names[@]}"
    missing=$(wanted_packages | lacking_packages) || exit 1
    [[ -z $missing ]] || die "these Debian packages are too old or not there: ${missing//$'\n'/ }" \
        "Ounce is built on Debian 12 or newer; setup/packages.txt has the versions."
}

# The lines "package version" of this purpose.
wanted_packages() {
    local for package version _
    while read -r for package version _; do
        [[ ,$for, != *,build,* && ,$for, != *,"$purpose",* ]] || printf '%s %s\n' "$package" "$version"
    done < "$setup/packages.txt"
}

# Of the lines "package version" read, the packages that are not installed, or older than that.
lacking_packages() {
    local package least have
    declare -A installed
    while read -r package have; do
        installed[$package]=$have
    done < <(dpkg-query -W -f '${db:Status-Status} ${Package} ${Version}\n' | sed -n 's/^installed //p')
    while read -r package least; do
        have=${installed[$package]:-}
        if [[ -z $have ]] || { [[ $least != - ]] && dpkg --compare-versions "$have" lt "$least"; }; then
            printf '%s\n' "$package"
        fi
    done
}

apt_install() {
    local hint="The log is $deps/setup.log. Is there a network? Does 'apt-get update' work?"
    logged as_root apt-get -q update || die "apt-get update failed." "$hint"
    logged as_root "$setup/install_debian.sh" "$@" || die "apt-get could not install: $*." "$hint"
}
