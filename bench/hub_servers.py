"""The hub and the brokers it is measured beside, as programs of one run: on loopback, on free ports, each with a
folder of its own, all with the same certificate and key (the hub's), so that TLS costs them the same.

    with Ounce.start(build, folder) as hub: ... hub.port, hub.cpu_seconds(), hub.rss_mib()
"""

import base64
import getpass
import hashlib
import hmac
import http.client
import json
import os
import resource
import shutil
import socket
import ssl
import subprocess
import time
import urllib.parse
from pathlib import Path

HOST = "localhost"
API = "api-version=2021-04-12"
DEVICES_A_CALL = 100
START_PATIENCE_S = 20
POLL_S = 0.002


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as server:
        return server.getsockname()[1]


def raise_descriptor_limit() -> None:
    _, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))


class Certificates:
    def __init__(self, folder: Path):
        self.ca, self.chain, self.key = folder / "ca.pem", folder / "server.pem", folder / "server.key"


class Server:
    """A running program that listens. `topic` and `filter` are what a device publishes to and a subscriber hears."""

    name = ""
    topic = "devices/{device}/messages/events"
    filter = "devices/#"

    def __init__(self, command: list, folder: Path, port: int, certificates: Certificates):
        self.folder, self.port, self.certificates = folder, port, certificates
        self.log = folder / "log.txt"
        self.lines_before = len(self.log.read_text().splitlines()) if self.log.exists() else 0
        began = time.monotonic()
        with self.log.open("ab") as log:
            self.process = subprocess.Popen([str(part) for part in command], stdin=subprocess.DEVNULL, stdout=log,
                                            stderr=log, preexec_fn=raise_descriptor_limit)
        try:
            while not self.ready():
                if time.monotonic() - began > START_PATIENCE_S:
                    raise RuntimeError(f"{self.name} does not get ready: {self.log.read_text()[-2000:]}")
                try:
                    self.process.wait(POLL_S)
                    raise RuntimeError(f"{self.name} ended: {self.log.read_text()[-2000:]}")
                except subprocess.TimeoutExpired:
                    pass
        except BaseException:
            self.stop()
            raise
        self.start_seconds = time.monotonic() - began

    def ready(self) -> bool:
        with socket.socket() as probe:
            return probe.connect_ex(("127.0.0.1", self.port)) == 0

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.stop()

    def stop(self) -> None:
        self.process.terminate()
        try:
            self.process.wait(10)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()

    def cpu_seconds(self) -> float:
        fields = Path(f"/proc/{self.process.pid}/stat").read_text().rsplit(")", 1)[1].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")

    def rss_mib(self) -> float:
        for line in Path(f"/proc/{self.process.pid}/status").read_text().splitlines():
            if line.startswith("VmRSS:"):
                return int(line.split()[1]) / 1024
        raise RuntimeError(f"{self.name} is gone")

    def load_options(self, _connections: int) -> list:
        """What bench_mqtt_load needs to know of this server."""
        return ["--host", HOST, "--port", str(self.port), "--ca", str(self.certificates.ca)]

    def publish_options(self) -> list:
        return ["--topic", self.topic, "--subscriber", self.filter]


class Mosquitto(Server):
    """Keeps messages for a durable subscriber in memory; `persistence` writes them to its file every half hour and
    at its end, never before it acknowledges."""

    name = "Mosquitto"

    @staticmethod
    def program() -> str:
        return shutil.which("mosquitto") or "/usr/sbin/mosquitto"

    @classmethod
    def version(cls) -> str:
        told = subprocess.run([cls.program(), "-h"], capture_output=True, text=True, check=False).stdout
        return "Mosquitto " + told.split()[2]

    @classmethod
    def start(cls, folder: Path, certificates: Certificates):
        folder.mkdir(parents=True)
        port = free_port()
        config = folder / "mosquitto.conf"
        config.write_text(f"""
user {getpass.getuser()}
listener {port} 127.0.0.1
allow_anonymous true
cafile {certificates.ca}
certfile {certificates.chain}
keyfile {certificates.key}
persistence true
persistence_location {folder}/
max_inflight_messages 0
max_queued_messages 0
max_connections -1
set_tcp_nodelay true
log_type error
""")
        return cls([cls.program(), "-c", config], folder, port, certificates)


class Nats(Server):
    """JetStream in files. Where the server knows `sync_interval: always` (2.10 and later) it is told so and syncs
    before it acknowledges; older ones leave syncing to a timer of a minute or two."""

    name = "NATS"
    syncs = False  # before it acknowledges; known once one was started

    @staticmethod
    def program() -> str:
        return shutil.which("nats-server") or "/usr/sbin/nats-server"

    @classmethod
    def version(cls) -> str:
        told = subprocess.run([cls.program(), "--version"], capture_output=True, text=True, check=True).stdout
        return "NATS " + told.split()[-1].lstrip("v")

    @classmethod
    def start(cls, folder: Path, certificates: Certificates):
        folder.mkdir(parents=True)
        port = free_port()
        config = folder / "nats.conf"
        for sync in ("sync_interval: always", ""):
            config.write_text(f"""
server_name: bench
listen: "127.0.0.1:{free_port()}"
jetstream {{ store_dir: "{folder}/store"
  {sync} }}
mqtt {{
  listen: "127.0.0.1:{port}"
  max_ack_pending: 10000
  tls {{ cert_file: "{certificates.chain}", key_file: "{certificates.key}" }}
}}
""")
            if subprocess.run([cls.program(), "-t", "-c", config], capture_output=True, check=False).returncode == 0:
                break
        cls.syncs = bool(sync)
        return cls([cls.program(), "-c", config], folder, port, certificates)


class Ounce(Server):
    name = "Ounce"
    topic = "devices/{device}/messages/events/"

    @classmethod
    def init(cls, build: Path, folder: Path) -> dict:
        """Makes the data folder; gives what `ounce-hub init --json` told, and `data`."""
        folder.mkdir(parents=True, exist_ok=True)
        done = subprocess.run([build / "bin/ounce-hub", "init", "--data", folder / "data", "--host", HOST, "--json"],
                              capture_output=True, text=True, check=False)
        if done.returncode != 0:
            raise RuntimeError(f"ounce-hub init ended with {done.returncode}: {done.stderr.strip()}")
        return json.loads(done.stdout)

    @classmethod
    def start(cls, build: Path, folder: Path, made: dict | None = None):
        """`made`: what init() gave, where the folder is there already."""
        made = made or cls.init(build, folder)
        config = folder / "hub.toml"
        # All connections here come from one address: the limits are for the open internet.
        config.write_text("""
[listen]
address = "127.0.0.1"
https_port = 0
mqtt_port = 0
[limits]
connections_per_address = 4000
connects_per_second_per_address = 100000
""")
        return cls(build, folder, config, made)

    def __init__(self, build: Path, folder: Path, config: Path, made: dict):
        self.made, self.https = made, 0
        super().__init__([build / "bin/ounce-hub", "serve", "--json", "--data", folder / "data", "--config", config],
                         folder, 0, Certificates(folder / "data/keys"))

    def ready(self) -> bool:
        for line in self.log.read_text().splitlines()[self.lines_before:]:
            if line.startswith('{"event":"ready"'):
                told = json.loads(line)
                self.https, self.port = told["https"], told["mqtt"]
                return True
        return False

    def connection(self) -> http.client.HTTPSConnection:
        context = ssl.create_default_context(cafile=str(self.certificates.ca))
        return http.client.HTTPSConnection(HOST, self.https, context=context, timeout=60)

    def token(self, policy: str = "iothubowner") -> str:
        parts = dict(part.split("=", 1) for part in self.made["policies"][policy].split(";"))
        resource_name, expiry = parts["HostName"], str(int(time.time()) + 12 * 3600)
        signed = hmac.digest(base64.b64decode(parts["SharedAccessKey"]), f"{resource_name}\n{expiry}".encode(),
                             hashlib.sha256)
        signature = urllib.parse.quote(base64.b64encode(signed), safe="")
        return f"SharedAccessSignature sr={resource_name}&sig={signature}&se={expiry}&skn={policy}"

    def ask(self, connection: http.client.HTTPSConnection, method: str, path: str, body=None, headers=None):
        """JSON in, JSON out, as the hub's owner if `headers` do not say otherwise."""
        connection.request(method, path, body=None if body is None else json.dumps(body),
                           headers={"Content-Type": "application/json",
                                    **(headers or {"Authorization": self.token()})})
        answer = connection.getresponse()
        content = answer.read()
        if answer.status >= 300:
            raise RuntimeError(f"{method} {path.split('?')[0]}: {answer.status} {content[:500]!r}")
        return json.loads(content) if content else None

    def devices_file(self, count: int) -> Path:
        """Devices load-0 to load-(count - 1), made if they are not there."""
        file = self.folder / f"devices-{count}.tsv"
        if file.exists():
            return file
        names = [f"load-{number}" for number in range(count)]
        keys = {name: base64.b64encode(hashlib.sha256(name.encode() + os.urandom(16)).digest()).decode()
                for name in names}
        connection = self.connection()
        for at in range(0, count, DEVICES_A_CALL):
            done = self.ask(connection, "POST", f"/devices?{API}", [
                {"id": name, "importMode": "create", "status": "enabled", "authentication": {
                    "type": "sas", "symmetricKey": {"primaryKey": keys[name], "secondaryKey": keys[name]}}}
                for name in names[at:at + DEVICES_A_CALL]])
            if not done["isSuccessful"]:
                raise RuntimeError(f"devices were not made: {done['errors'][:3]}")
        file.touch(0o600)
        file.write_text("".join(f"{name}\t{key}\n" for name, key in keys.items()))
        return file

    devices_max = 1000

    def load_options(self, connections: int) -> list:
        assert connections <= self.devices_max
        return [*super().load_options(connections), "--hub-name", self.made["host"],
                "--devices", str(self.devices_file(self.devices_max))]

    def publish_options(self) -> list:
        return ["--topic", self.topic]
