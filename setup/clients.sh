# The vendors' own clients, which tests point at the hub. tests/clients/README.md tells how to renew the pins.
# shellcheck shell=bash
# shellcheck disable=SC2154  # setup.sh sets root and deps

install_clients() {
    local clients=$root/tests/clients
    step clients-node "$(sha256sum < "$clients/package-lock.json")" clients/node_modules 40 \
        "device, hub and vision clients for Node" make_node_packages clients "$clients"
    step clients-python "$(python_version) $(cat "$clients"/requirements*.txt | sha256sum)" \
        clients-venv/bin/python 30 "device, hub, vision and model registry clients for Python" make_clients_venv "$clients"
}

# make_clients_venv SOURCE: paho-mqtt 1.6, which the device client wants, has no ready wheel. It is built with
# the pinned tools of requirements-build.txt: pip by itself would fetch whichever are the newest.
make_clients_venv() {
    [[ $(uname -m) == x86_64 ]] ||
        die "the hub client for Python (uamqp) is there for x86_64 only: run the tests on such a machine."
    make_venv clients-venv "$1/requirements-build.txt"
    pip_install clients-venv "$1/requirements.txt" --no-binary paho-mqtt --no-build-isolation
}
