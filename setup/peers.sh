# What `make bench` compares with: the same model run by Node and by Python, each from its own registry.
# shellcheck shell=bash
# shellcheck disable=SC2154  # setup.sh sets root, setup and deps

install_peers() {
    local peers=$root/bench/peers
    step peers-python "$(python_version) $(sha256sum < "$peers/requirements.txt")" \
        bench/venv/bin/python 60 "Pillow and onnxruntime for Python" make_venv bench/venv "$peers/requirements.txt"
    step peers-node "$(sha256sum < "$peers/package-lock.json")" bench/node/node_modules 130 \
        "sharp and onnxruntime-node for Node" make_node_packages bench/node "$peers"
}
