"""A hub of a test's own: made in a temporary folder, served on ports that are free, spoken to over TLS.

Tests get one from the fixtures `hub` and `make_hub` of conftest.py. Clients whose ports cannot be chosen run beside
the hub in a `PrivateNetwork`, where 443 and 8883 are free and the machine is left alone.
"""

import base64
import hashlib
import hmac
import http.client
import json
import os
import select
import signal
import ssl
import subprocess
import time
import urllib.parse

# Far more than the third of a second and the five seconds that tests of their own ask for: a loaded machine, a
# sanitizer.
READY_SECONDS = 60
STOP_SECONDS = 60


class PrivateNetwork:
    """A network namespace with nothing in it but its own loopback. What runs by `command` sees only that."""

    def __init__(self):
        root = os.geteuid() == 0
        self._holder = subprocess.Popen(
            ["unshare", "--net", *([] if root else ["--user", "--map-root-user"]),
             "sh", "-c", "ip link set lo up && echo up && exec cat"],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE)
        assert self._holder.stdout.readline() == b"up\n", "cannot make a network namespace"
        place = f"/proc/{self._holder.pid}/ns"
        self._enter = ["nsenter", f"--net={place}/net",
                       *([] if root else [f"--user={place}/user", "--preserve-credentials"])]

    def command(self, *arguments):
        """The command line that runs `arguments` in here, for subprocess."""
        return [*self._enter, *map(str, arguments)]

    def run(self, *arguments, **options):
        """Runs a program in here to its end and returns what subprocess.run does."""
        options = {"capture_output": True, "text": True, "check": False, "timeout": 240} | options
        return subprocess.run(self.command(*arguments), **options)

    def close(self):
        self._holder.stdin.close()  # `cat` ends, and the namespace with its last process
        self._holder.wait()
        self._holder.stdout.close()


class Answer:
    """What came back for a request."""

    def __init__(self, status, headers, body):
        self.status = status
        self.headers = headers
        self.body = body

    def json(self):
        return json.loads(self.body)


class Hub:
    """`ounce-hub` over a folder. `network`: a PrivateNetwork, where it listens on the usual ports."""

    host = "localhost"

    def __init__(self, program, folder, config="", network=None):
        self.program = program
        self.folder = folder
        self.network = network
        self.log_path = folder.parent / f"{folder.name}.log"
        self.process = None
        folder.mkdir(exist_ok=True)
        if "[listen]" not in config:
            config = ("[listen]\naddress = '127.0.0.1'\nhttps_port = 0\nmqtt_port = 0\n"
                      if network is None else "") + config
        (folder / "hub.toml").write_text(config)
        done = self.command("init", "--data", folder, "--json")
        assert done.returncode == 0, done.stderr
        self.facts = json.loads(done.stdout)  # all that init says
        self.ca = self.facts["ca"]
        self.training_key = self.facts["trainingKey"]
        self.prediction_key = self.facts["predictionKey"]
        self.keys = {name: text.split(";SharedAccessKey=")[1] for name, text in self.facts["policies"].items()}
        self.https_port = 443
        self.mqtt_port = 8883

    def command(self, *arguments):
        """Runs `ounce-hub` to its end."""
        return subprocess.run([self.program, *map(str, arguments)], capture_output=True, text=True, check=False,
                              timeout=120)

    # The process

    def start(self, *arguments):
        """Starts the hub and returns when it is ready."""
        assert self.process is None
        command = [self.program, "serve", "--data", self.folder, "--json", *arguments]
        with open(self.log_path, "ab") as log:
            self.process = subprocess.Popen(self.network.command(*command) if self.network else command,
                                            stdout=subprocess.PIPE, stderr=log)
        readable, _, _ = select.select([self.process.stdout], [], [], READY_SECONDS)
        line = self.process.stdout.readline() if readable else b""
        assert line, f"the hub did not get ready:\n{self.log()}"
        ready = json.loads(line)
        assert ready["event"] == "ready", ready
        self.https_port = ready["https"]
        self.mqtt_port = ready["mqtt"]
        return self

    def stop(self):
        """Ends it as a service manager does, and returns the seconds that took."""
        begin = time.monotonic()
        self.process.send_signal(signal.SIGTERM)
        status = self._wait()
        assert status == 0, f"the hub ended with {status}:\n{self.log()}"
        return time.monotonic() - begin

    def kill(self):
        """Ends it as a power cut does (but for what the system still holds)."""
        self.process.kill()
        self._wait()

    def restart(self):
        self.stop()
        return self.start()

    def close(self):
        if self.process is not None:
            self.stop()

    def _wait(self):
        process, self.process = self.process, None
        try:
            status = process.wait(STOP_SECONDS)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
            raise AssertionError(f"the hub did not stop:\n{self.log()}") from None
        process.stdout.close()
        return status

    def log(self):
        """All it wrote to standard error so far, over all its lives."""
        return self.log_path.read_text(errors="replace")

    # Credentials

    def connection_string(self, policy="iothubowner"):
        """With the port that it really has, for `ounce` and for clients that take one."""
        return (f"HostName={self.host}:{self.https_port};SharedAccessKeyName={policy};"
                f"SharedAccessKey={self.keys[policy]}")

    def sas_token(self, policy="iothubowner", resource=None, seconds=3600):
        """A token of a policy. For a device's own: `device_token`."""
        return sas_token(resource or self.host, self.keys[policy], seconds, policy)

    def device_token(self, device, key, module=None, seconds=3600):
        resource = f"{self.host}/devices/{device}" + (f"/modules/{module}" if module else "")
        return sas_token(resource, key, seconds)

    # Requests

    def connect(self, timeout=60):
        """An HTTPS connection of http.client. Not for a hub in a network of its own."""
        context = ssl.create_default_context(cafile=self.ca)
        return http.client.HTTPSConnection(self.host, self.https_port, timeout=timeout, context=context)

    def request(self, method, path, body=None, headers=None, policy="iothubowner"):
        """One request; `body`: bytes, text, or what becomes JSON. `policy` None: no Authorization is added."""
        headers = dict(headers or {})
        if body is not None and not isinstance(body, (bytes, str)):
            body = json.dumps(body)
            headers.setdefault("Content-Type", "application/json")
        if policy is not None:
            headers.setdefault("Authorization", self.sas_token(policy))
        connection = self.connect()
        try:
            connection.request(method, path, body, headers)
            response = connection.getresponse()
            return Answer(response.status, response.headers, response.read())
        finally:
            connection.close()


def sas_token(resource, key, seconds=3600, policy=None):
    """A shared access signature; a negative time gives one that has expired."""
    coded = urllib.parse.quote(resource, safe="")
    expiry = int(time.time()) + seconds
    digest = hmac.new(base64.b64decode(key), f"{coded}\n{expiry}".encode(), hashlib.sha256).digest()
    signature = urllib.parse.quote(base64.b64encode(digest), safe="")
    return (f"SharedAccessSignature sr={coded}&sig={signature}&se={expiry}" + (f"&skn={policy}" if policy else ""))
