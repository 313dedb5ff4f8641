"""Devices by the vendors' clients, each a process of its own that is told what to do (tests/clients/device.js)."""

import json
import os
import queue
import subprocess
import threading
from pathlib import Path

CLIENTS = Path(os.environ["OUNCE_SOURCE_DIR"]) / "tests" / "clients"
DEPS = Path(os.environ["OUNCE_DEPS_DIR"])
PATIENCE_SECONDS = 60  # the clients' own time-outs are shorter

KINDS = {
    "node": ["node", CLIENTS / "device.js"],
    "python": [DEPS / "clients-venv/bin/python", "-W", "ignore", CLIENTS / "device.py"],
}


class DeviceClient:
    """One client. `hub` may be in a network of its own; the client is started there too."""

    def __init__(self, kind, hub):
        self.hub = hub
        command = self.command(kind)
        self.process = subprocess.Popen(hub.network.command(*command) if hub.network else command, text=True,
                                        stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)
        self._events = queue.Queue()
        self._later = []
        threading.Thread(target=self._read, daemon=True).start()

    def command(self, kind):
        return [str(part) for part in KINDS[kind]]

    def _read(self):
        for line in self.process.stdout:
            if line.startswith("{"):
                self._events.put(json.loads(line))
        self._events.put({"event": "ended"})

    def tell(self, what, **fields):
        self.process.stdin.write(json.dumps({"do": what, **fields}) + "\n")
        self.process.stdin.flush()

    def wait(self, *events):
        """The next event of one of these names; others are kept for later. An error that is not waited for fails."""
        for kept in self._later:
            if kept["event"] in events:
                self._later.remove(kept)
                return kept
        while True:
            try:
                event = self._events.get(timeout=PATIENCE_SECONDS)
            except queue.Empty:
                raise AssertionError(f"no {events} came; before: {self._later}\n{self.hub.log()}") from None
            if event["event"] in events:
                return event
            assert event["event"] not in ("error", "ended"), event
            self._later.append(event)

    def open(self, connection, expect="opened"):
        self.tell("open", connection=connection, ca=str(self.hub.ca))
        return self.wait(expect)

    def do(self, what, expect, **fields):
        self.tell(what, **fields)
        return self.wait(expect)

    def close(self):
        self.process.stdin.close()
        try:
            self.process.wait(10)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
        self.process.stdout.close()
