"""ounce-hub as a person and a service manager use it."""

import json
import os
import socket
import ssl
import stat
import subprocess

SOURCE = os.environ["OUNCE_SOURCE_DIR"]


def tls_server(hub, port=0):
    """A listening socket and the context that shows the hub's certificate on it."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(hub.folder / "keys/server.pem", hub.folder / "keys/server.key")
    return socket.create_server(("127.0.0.1", port)), context


def handshakes(hub, command):
    """Whether a client, given as a function from a port to a command line, accepts the hub's certificate."""
    listener, context = tls_server(hub)
    with listener:
        client = subprocess.Popen(command(listener.getsockname()[1]), stdout=subprocess.PIPE,
                                  stderr=subprocess.STDOUT, text=True)
        connection, _ = listener.accept()
        try:
            with context.wrap_socket(connection, server_side=True) as stream:
                stream.recv(1000)
                stream.sendall(b"HTTP/1.1 204 No Content\r\nConnection: close\r\n\r\n")
        except ssl.SSLError:
            pass  # the client refused: its status tells
        output, _ = client.communicate(timeout=60)
    return client.returncode == 0, output


# init


def test_init_twice_changes_and_prints_the_same(make_hub):
    hub = make_hub()
    before = {path: path.read_bytes() for path in (hub.folder / "keys").iterdir()}
    again = hub.command("init", "--data", hub.folder, "--json")
    assert json.loads(again.stdout) == hub.facts
    assert again.stderr == ""
    assert {path: path.read_bytes() for path in (hub.folder / "keys").iterdir()} == before


def test_init_adds_a_host_and_says_so(make_hub):
    hub = make_hub()
    done = hub.command("init", "--data", hub.folder, "--host", "Cameras.example", "192.0.2.1", "--json")
    assert "cameras.example, 192.0.2.1" in done.stderr
    assert json.loads(done.stdout)["hosts"] == ["localhost", "127.0.0.1", "::1", "cameras.example", "192.0.2.1"]
    verified = subprocess.run(
        ["openssl", "verify", "-x509_strict", "-purpose", "sslserver", "-verify_hostname", "cameras.example",
         "-CAfile", hub.ca, hub.folder / "keys/server.pem"], capture_output=True, text=True, check=False)
    assert verified.returncode == 0, verified.stderr


def test_init_keeps_secrets_to_the_owner_and_off_standard_error(make_hub):
    hub = make_hub()
    for path in [hub.folder / "keys", *(hub.folder / "keys").iterdir()]:
        assert stat.S_IMODE(path.stat().st_mode) & 0o077 == 0, path
    done = hub.command("init", "--data", hub.folder, "--host", "a.example")
    secrets = [*hub.keys.values(), hub.training_key, hub.prediction_key]
    assert all(secret in done.stdout for secret in secrets)
    assert not any(secret in done.stderr for secret in secrets)


def test_init_refuses_what_is_no_host(make_hub):
    hub = make_hub()
    done = hub.command("init", "--data", hub.folder, "--host", "https://cameras.example", "--json")
    assert done.returncode == 2
    assert json.loads(done.stdout)["error"]["code"] == "invalid-argument"
    assert "'https://cameras.example' is neither a DNS name nor an IP address" in done.stderr


def test_clients_of_each_kind_trust_the_authority(make_hub):
    hub = make_hub()
    python = ("import ssl, sys, urllib.request; "
              "urllib.request.urlopen('https://localhost:' + sys.argv[1], "
              "context=ssl.create_default_context(cafile=sys.argv[2]))")
    node = "require('https').get('https://localhost:' + process.argv[1], () => process.exit(0))"
    clients = {
        "python": lambda port: ["python3", "-c", python, str(port), hub.ca],
        "node": lambda port: ["env", f"NODE_EXTRA_CA_CERTS={hub.ca}", "node", "-e", node, str(port)],
        "curl": lambda port: ["curl", "-sS", "--cacert", hub.ca, f"https://localhost:{port}"],
        "curl by address": lambda port: ["curl", "-sS", "--cacert", hub.ca, f"https://127.0.0.1:{port}"],
    }
    for name, command in clients.items():
        accepted, output = handshakes(hub, command)
        assert accepted, f"{name}: {output}"
    refused, _ = handshakes(hub, lambda port: ["curl", "-sS", f"https://localhost:{port}"])
    assert not refused


# hub.toml


def test_config_shows_a_file_that_reads_back_as_itself(make_hub, tmp_path):
    hub = make_hub()
    shown = hub.command("config").stdout
    (tmp_path / "all.toml").write_text(shown)
    assert hub.command("config", "--config", tmp_path / "all.toml").stdout == shown


def test_config_mistake_names_file_line_and_the_nearest_key(make_hub, tmp_path):
    hub = make_hub()
    (tmp_path / "wrong.toml").write_text("[listen]\nhttp_port = 80\n")
    done = hub.command("config", "--config", tmp_path / "wrong.toml")
    assert done.returncode == 2
    assert "wrong.toml: line 2: there is no 'listen.http_port'; did you mean 'listen.https_port'?" in done.stderr


# The tests' own tools


def test_private_network_has_its_own_ports(private_network):
    code = ("import socket; s = socket.create_server(('127.0.0.1', 443)); "
            "socket.create_connection(('localhost', 443)); print('through')")
    done = private_network.run("python3", "-c", code)
    assert done.stdout == "through\n", done.stderr
    assert len(private_network.run("ip", "-brief", "link").stdout.splitlines()) == 1
