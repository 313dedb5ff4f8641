"""ounce-hub as a person and a service manager use it."""

import json
import os
import signal
import socket
import sqlite3
import ssl
import stat
import subprocess
import threading
import time
import urllib.parse
from pathlib import Path

SOURCE = Path(os.environ["OUNCE_SOURCE_DIR"])
SLOWER = float(os.environ.get("OUNCE_TIME_FACTOR", "1"))  # of a build with sanitizers


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


def test_connection_string_is_that_of_init_and_nothing_else(make_hub):
    hub = make_hub()
    done = hub.command("connection-string", "--data", hub.folder)
    assert done.stdout == hub.facts["policies"]["iothubowner"] + "\n"
    assert done.stderr == ""
    done = hub.command("connection-string", "--data", hub.folder, "--policy", "service", "--json")
    assert json.loads(done.stdout) == {"connectionString": hub.facts["policies"]["service"]}


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


def test_wrong_use_is_a_json_object_too(make_hub):
    done = make_hub().command("serve", "--date", "x", "--json")
    assert done.returncode == 2
    assert json.loads(done.stdout)["error"]["code"] == "invalid-argument"


# hub.toml


def test_config_shows_a_file_that_reads_back_as_itself(make_hub, tmp_path):
    hub = make_hub()
    shown = hub.command("config").stdout
    (tmp_path / "all.toml").write_text(shown)
    assert hub.command("config", "--config", tmp_path / "all.toml").stdout == shown


def test_manual_has_all_settings(make_hub):
    manual = (SOURCE / "docs" / "HUB.md").read_text()
    assert f"```toml\n{make_hub().command('config').stdout}```" in manual


def test_config_mistake_names_file_line_and_the_nearest_key(make_hub, tmp_path):
    hub = make_hub()
    (tmp_path / "wrong.toml").write_text("[listen]\nhttp_port = 80\n")
    done = hub.command("config", "--config", tmp_path / "wrong.toml")
    assert done.returncode == 2
    assert "wrong.toml: line 2: there is no 'listen.http_port'; did you mean 'listen.https_port'?" in done.stderr


# serve


def test_serve_tells_its_ports_and_answers_there(hub):
    assert hub.https_port > 0 and hub.mqtt_port > 0
    health = hub.request("GET", "/healthz", policy=None)
    assert (health.status, health.json()["status"]) == (200, "ok")
    missing = hub.request("GET", "/nothing/here", policy=None)
    assert missing.status == 404
    assert missing.json()["error"]["code"] == "RouteNotFound"


def test_serve_shows_metrics_in_the_open_format(hub):
    assert hub.request("GET", "/metrics", policy=None).status == 401
    answer = hub.request("GET", "/metrics", policy="service")
    assert answer.headers["Content-Type"].startswith("application/openmetrics-text; version=1.0.0")
    lines = answer.body.decode().splitlines()
    assert lines[-1] == "# EOF"
    values = dict(line.rsplit(" ", 1) for line in lines if not line.startswith("#"))
    assert float(values["process_resident_memory_bytes"]) > 1e6
    assert float(values["ounce_disk_free_bytes"]) > 0


def test_serve_is_ready_soon_and_stops_soon(make_hub):
    hub = make_hub()
    times = []
    for _ in range(5):
        begin = time.monotonic()
        hub.start()
        times.append(time.monotonic() - begin)
        assert hub.stop() < 5
    assert min(times) < 0.3 * SLOWER, times


def test_serve_ends_an_idle_connection_and_lets_a_request_end(hub):
    with socket.create_connection(("127.0.0.1", hub.https_port)):  # says nothing
        connection = hub.connect()
        connection.request("GET", "/healthz")
        assert connection.getresponse().read()
        assert hub.stop() < 5
        connection.close()


def test_reader_that_waits_does_not_hold_up_the_stop(hub):
    connection = hub.connect()
    connection.request("GET", "/ounce/v1/telemetry?from=latest&wait=60",
                       headers={"Authorization": hub.sas_token("service")})
    assert hub.stop() < 3  # less than requests under way get
    connection.close()


def test_what_takes_long_does_not_hold_up_the_stop(hub):
    held = sqlite3.connect(hub.folder / "registry.db", isolation_level=None)
    held.execute("BEGIN IMMEDIATE")  # as slow as a disk can be: each request waits for it, one after the other
    connections = [hub.connect() for _ in range(3)]
    for connection in connections:
        connection.request("GET", "/ounce/v1/models", headers={"Authorization": hub.sas_token()})
    assert hub.request("GET", "/healthz").status == 200
    assert hub.stop() < 5
    for connection in connections:
        connection.close()
    held.close()
    assert "reason=\"something under way took too long\"" in hub.log()


def test_second_signal_ends_it_at_once(hub):
    connection = hub.connect()  # half of a message: the hub gives it time to send the rest
    connection.putrequest("POST", "/devices/cam/messages/events?api-version=2021-04-12")
    connection.putheader("Authorization", hub.sas_token("device"))
    connection.putheader("Content-Length", "1000")
    connection.endheaders(b"half")
    hub.process.send_signal(signal.SIGTERM)
    deadline = time.monotonic() + 10
    while "stopping" not in hub.log():
        assert time.monotonic() < deadline
    hub.process.send_signal(signal.SIGTERM)
    begin = time.monotonic()
    assert hub.process.wait(10) == 128 + signal.SIGTERM
    assert time.monotonic() - begin < 2
    hub.process.stdout.close()
    hub.process = None
    connection.close()


def test_second_hub_on_one_folder_is_told_who_has_it(hub):
    done = hub.command("serve", "--data", hub.folder)
    assert done.returncode == 10
    assert f"process {hub.process.pid}" in done.stderr


def test_port_that_is_taken_is_named_with_what_to_do(hub, make_hub):
    other = make_hub(config=f"[listen]\naddress = '127.0.0.1'\nhttps_port = {hub.https_port}\nmqtt_port = 0\n")
    done = other.command("serve", "--data", other.folder)
    assert done.returncode == 10
    assert f"port {hub.https_port} is taken by another program" in done.stderr
    assert "listen.https_port" in done.stderr


def test_an_address_of_another_machine_is_told(make_hub):
    hub = make_hub(config="[listen]\naddress = '203.0.113.9'\nhttps_port = 0\nmqtt_port = 0\n")
    done = hub.command("serve", "--data", hub.folder)
    assert done.returncode == 10
    assert "no such address (listen.address" in done.stderr


def test_port_that_is_not_allowed_tells_how_to_allow_it(make_hub, private_network):
    hub = make_hub(network=private_network)
    done = private_network.run("setpriv", "--bounding-set", "-net_bind_service", "--inh-caps", "-net_bind_service",
                               hub.program, "serve", "--data", hub.folder)
    assert done.returncode == 8, done.stderr
    for advice in ("port 443", "setcap", "ip_unprivileged_port_start", "listen.https_port"):
        assert advice in done.stderr


def test_serve_without_init_says_what_comes_first(make_hub, tmp_path):
    done = make_hub().command("serve", "--data", tmp_path / "nothing")
    assert done.returncode == 5
    assert "ounce-hub init" in done.stderr


def test_check_looks_through_the_settings_and_ends(make_hub):
    hub = make_hub()
    assert hub.command("serve", "--data", hub.folder, "--check").returncode == 0
    (hub.folder / "hub.toml").write_text("[listen]\nhttps_port = 443.5\n")
    done = hub.command("serve", "--data", hub.folder, "--check")
    assert done.returncode == 2
    assert "line 2: listen.https_port must be a whole number" in done.stderr


def test_no_secret_is_logged(hub):
    for policy in (*hub.keys, None):
        hub.request("GET", "/healthz?sig=LEAK", policy=policy)
        hub.request("GET", "/devices/x?sig=LEAK", headers={"Training-Key": hub.training_key}, policy=policy)
    hub.stop()
    log = hub.log()
    assert "ready" in log
    for secret in (*hub.keys.values(), hub.training_key, hub.prediction_key, "LEAK", "SharedAccessSignature"):
        assert secret not in log


def test_hub_on_its_real_ports_in_a_network_of_its_own(make_hub, private_network):
    hub = make_hub(network=private_network).start()
    assert (hub.https_port, hub.mqtt_port) == (443, 8883)
    done = private_network.run("curl", "-sS", "--cacert", hub.ca, "https://localhost/healthz")
    assert json.loads(done.stdout)["status"] == "ok", done.stderr


class ServiceUnit:
    """What packaging/ounce-hub.service lets a hub do, as far as capabilities go, in a network of a test's own."""

    def __init__(self, network):
        self.network = network
        lines = (SOURCE / "packaging" / "ounce-hub.service").read_text().splitlines()
        self.settings = dict(line.split("=", 1) for line in lines if "=" in line and not line.startswith("#"))

    def command(self, *arguments):
        def only(key):
            return "-all,+" + self.settings[key].removeprefix("CAP_").lower()

        ambient = only("AmbientCapabilities")
        return self.network.command("setpriv", "--no-new-privs", f"--bounding-set={only('CapabilityBoundingSet')}",
                                    f"--inh-caps={ambient}", f"--ambient-caps={ambient}", *arguments)

    def line(self, key, hub):
        """The command line of ExecStart or ExecStartPre, for this hub."""
        words = self.settings[key].split()
        assert words[0] == "/usr/local/bin/ounce-hub"
        assert self.settings["StateDirectory"] == "ounce" and "/var/lib/ounce" in words
        return [hub.folder if word == "/var/lib/ounce" else word for word in words[1:]]


def test_service_unit_lets_the_hub_serve_its_usual_ports(make_hub, private_network):
    unit = ServiceUnit(private_network)
    hub = make_hub(network=unit)
    assert hub.command(*unit.line("ExecStartPre", hub)).returncode == 0
    assert unit.line("ExecStart", hub) == ["serve", "--data", hub.folder]
    hub.start()
    assert (hub.https_port, hub.mqtt_port) == (443, 8883)
    done = private_network.run("curl", "-sS", "--cacert", hub.ca, "https://localhost/healthz")
    assert json.loads(done.stdout)["status"] == "ok", done.stderr


# backup and restore


def test_backup_of_a_serving_hub_is_restored(hub, make_hub, tmp_path):
    made = hub.command("backup", "--data", hub.folder, "--out", tmp_path / "backup", "--json")
    assert made.returncode == 0, made.stderr
    other = tmp_path / "restored"
    done = hub.command("restore", "--from", tmp_path / "backup", "--data", other, "--json")
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout) == json.loads(made.stdout)
    hub.stop()
    hub.folder = other
    hub.start()
    assert hub.request("GET", "/healthz").status == 200
    again = hub.command("restore", "--from", tmp_path / "backup", "--data", other)
    assert again.returncode == 7
    assert "not empty" in again.stderr


class Camera:
    """A device that sends numbered messages over HTTPS, one after the other, until told to stop."""

    def __init__(self, hub, name):
        self.hub, self.name = hub, name
        made = hub.request("PUT", f"/devices/{name}?api-version=2021-04-12", {"deviceId": name})
        assert made.status == 200, made.body
        self.key = made.json()["authentication"]["symmetricKey"]["primaryKey"]
        self.acknowledged = []
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run)
        self._thread.start()

    def _run(self):
        headers = {"Authorization": self.hub.device_token(self.name, self.key)}
        connection = self.hub.connect()
        number = 0
        while not self._stop.is_set():
            connection.request("POST", f"/devices/{self.name}/messages/events?api-version=2021-04-12",
                               json.dumps({"camera": self.name, "number": number}), headers)
            response = connection.getresponse()
            response.read()
            assert response.status == 204
            self.acknowledged.append(number)
            number += 1
        connection.close()

    def has_sent(self, count):
        deadline = time.monotonic() + 30
        while len(self.acknowledged) < count:
            assert self._thread.is_alive() and time.monotonic() < deadline
            self._thread.join(0.01)

    def stop(self):
        self._stop.set()
        self._thread.join()


def all_messages(hub):
    """The bodies of all messages, in the order of the log."""
    bodies, query = [], "from=earliest"
    while True:
        page = hub.request("GET", f"/ounce/v1/telemetry?{query}&limit=1000").json()
        bodies += [json.loads(message["body"]) for message in page["messages"]]
        if not page["messages"]:
            return bodies
        query = "after=" + urllib.parse.quote(page["cursor"], safe="")


def test_backup_under_load_holds_all_that_was_acknowledged_before_it(hub, tmp_path):
    cameras = [Camera(hub, f"cam-{i}") for i in range(3)]
    try:
        for camera in cameras:
            camera.has_sent(20)
        before = {camera.name: len(camera.acknowledged) for camera in cameras}
        made = hub.command("backup", "--data", hub.folder, "--out", tmp_path / "backup", "--json")
        assert made.returncode == 0, made.stderr
        for camera in cameras:
            camera.has_sent(before[camera.name] + 1)  # nobody was held up for good
    finally:
        for camera in cameras:
            camera.stop()
    hub.stop()

    restored = hub.command("restore", "--from", tmp_path / "backup", "--data", tmp_path / "restored")
    assert restored.returncode == 0, restored.stderr
    hub.folder = tmp_path / "restored"
    hub.start()
    messages = all_messages(hub)
    for camera in cameras:
        numbers = [message["number"] for message in messages if message["camera"] == camera.name]
        assert numbers == list(range(len(numbers)))  # in order, none twice, none missing between
        assert before[camera.name] <= len(numbers) <= len(camera.acknowledged)
        # The device is known there, by its key.
        event = hub.request("POST", f"/devices/{camera.name}/messages/events?api-version=2021-04-12",
                            {"camera": camera.name, "number": -1}, policy=None,
                            headers={"Authorization": hub.device_token(camera.name, camera.key)})
        assert event.status == 204


# The tests' own tools


def test_private_network_has_its_own_ports(private_network):
    code = ("import socket; s = socket.create_server(('127.0.0.1', 443)); "
            "socket.create_connection(('localhost', 443)); print('through')")
    done = private_network.run("python3", "-c", code)
    assert done.stdout == "through\n", done.stderr
    assert len(private_network.run("ip", "-brief", "link").stdout.splitlines()) == 1
