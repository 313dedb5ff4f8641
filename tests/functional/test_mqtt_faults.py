"""What broken and hostile MQTT clients can do to the hub: nothing to others."""

import json
import os
import socket
import ssl
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest

from mqtt_wire import Wire, packet, publish_packet, subscribe_packet, text

EVENTS = "devices/{}/messages/events/"


@pytest.fixture
def make_device(hub):
    """Makes a device and gives a token for it: make_device("cam")."""

    def make(device):
        answer = hub.request("PUT", f"/devices/{device}?api-version=2021-04-12",
                             {"deviceId": device, "authentication": {"type": "sas"}})
        assert answer.status in (200, 201), answer.body
        key = answer.json()["authentication"]["symmetricKey"]["primaryKey"]
        return hub.device_token(device, key)

    return make


@pytest.fixture
def bystander(hub, make_device):
    """A device that must not feel what happens to others: ask() is True if it gets a PUBACK soon."""
    token = make_device("bystander")

    class Bystander:
        def __init__(self):
            self.wire = Wire(hub)
            assert self.wire.connect("bystander", token) == 0
            self.sent = 0

        def ask(self):
            self.sent += 1
            begin = time.monotonic()
            acknowledged = self.wire.publish(EVENTS.format("bystander"), b"still here", self.sent)
            return acknowledged == self.sent and time.monotonic() - begin < 5

    with_wire = Bystander()
    yield with_wire
    with_wire.wire.close()


def test_credentials_that_are_not_good_are_refused(hub, make_device):
    token = make_device("cam")
    other = make_device("other")
    for device, password in [("cam", other), ("cam", "nonsense"), ("unknown", token),
                             ("cam", hub.sas_token("service")), ("cam", hub.sas_token("device", seconds=-3600))]:
        with Wire(hub) as wire:
            assert wire.connect(device, password) == 5
            assert wire.closed_by_hub()
    with Wire(hub) as wire:
        assert wire.connect("cam", hub.sas_token("device")) == 0
    for secret in (token, other, *hub.keys.values()):
        assert secret not in hub.log()


def test_other_protocol_versions_are_told_which_is_spoken(hub):
    with Wire(hub) as wire:
        assert wire.connect("cam", "x", level=5) == 1
        assert wire.closed_by_hub()


@pytest.mark.parametrize("after_connect", [False, True])
@pytest.mark.parametrize("data", [
    b"GET / HTTP/1.1\r\nHost: hub\r\n\r\n",
    b"\x00\x00",
    b"\x30\xff\xff\xff\xff\x7f",
    b"\x10\xff\xff\xff\x7f",
    packet(0x30, text("devices/cam/messages/events/\0")),
    packet(0x34, text("devices/cam/messages/events/") + b"\x00\x01"),
    packet(0x36, text("x")),
    packet(0x82, b"\x00\x00"),
    publish_packet("devices/other/messages/events/", b"x", 1),
    publish_packet("devices/cam/messages/events/a=%", b"x", 1),
    publish_packet("$iothub/unheard/of", b"x", 1),
    bytes(range(256)) * 64,
], ids=range(12))
def test_malformed_bytes_close_their_connection_only(hub, make_device, bystander, data, after_connect):
    with Wire(hub) as wire:
        if after_connect:
            assert wire.connect("cam", make_device("cam")) == 0
        wire.send(data)
        assert wire.closed_by_hub()
    assert bystander.ask()


def test_second_connect_takes_over(hub, make_device):
    token = make_device("cam")
    with Wire(hub) as first, Wire(hub) as second:
        assert first.connect("cam", token) == 0
        assert second.connect("cam", token) == 0
        assert first.closed_by_hub()
        assert second.publish(EVENTS.format("cam"), b"x", 1) == 1


def test_client_that_says_nothing_is_closed(hub, bystander):
    with socket.create_connection(("127.0.0.1", hub.mqtt_port), 30) as silent, Wire(hub, timeout=30) as no_connect:
        assert no_connect.closed_by_hub()
        assert silent.recv(1) == b""
    assert bystander.ask()


def test_client_that_never_reads_costs_the_others_nothing(hub, make_device, bystander):
    token = make_device("cam")
    with Wire(hub, timeout=60) as wire:
        wire.stream.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        assert wire.connect("cam", token) == 0
        wire.send(subscribe_packet("$iothub/twin/res/#"))
        wire.send(publish_packet("$iothub/twin/PATCH/properties/reported/?$rid=1", json.dumps(
            {f"k{number}": "x" * 4000 for number in range(7)}).encode()))
        question = publish_packet("$iothub/twin/GET/?$rid=1", b" ")  # 28 KB come back for each
        with pytest.raises((ConnectionError, ssl.SSLError, TimeoutError)):
            for count in range(1_000_000):
                wire.send(question)
                assert count % 50 or bystander.ask()
    assert bystander.ask()
    assert "reads too slowly" in hub.log()


def test_too_large_a_message_closes(hub, make_device, bystander):
    with Wire(hub) as wire:
        assert wire.connect("cam", make_device("cam")) == 0
        assert wire.publish(EVENTS.format("cam"), bytes(256 * 1024), 1) == 1
        assert wire.publish(EVENTS.format("cam"), bytes(256 * 1024 + 1), 2) is None
    assert bystander.ask()


FLOOD = """
import socket, struct, sys
while True:
    with socket.socket() as one:
        one.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))  # leaves nothing behind
        one.setblocking(False)
        one.bind(("127.0.0.100", 0))
        one.connect_ex(("127.0.0.1", int(sys.argv[1])))
"""


def test_connect_flood_from_one_address_leaves_others_working(hub, make_device, bystander):
    token = make_device("cam")

    def refused():
        """How many the hub turned away, as it counts them itself."""
        page = hub.request("GET", "/metrics").body.decode()
        return float(next(line for line in page.splitlines()
                          if line.startswith("ounce_mqtt_refused_total") and "too_fast" in line).split()[1])

    floods = [subprocess.Popen([sys.executable, "-c", FLOOD, str(hub.mqtt_port)]) for _ in range(2)]
    try:
        while refused() < 20_000:
            assert bystander.ask()
            with Wire(hub) as wire:
                assert wire.connect("cam", token) == 0
                assert wire.publish(EVENTS.format("cam"), b"x", 1) == 1
    finally:
        for flood in floods:
            flood.kill()
            flood.wait()
    assert "too fast from one address" in hub.log()


def test_hub_stops_in_time_with_devices_connected(hub, make_device):
    token = make_device("cam")
    wires = [Wire(hub) for _ in range(20)]
    assert wires[0].connect("cam", token) == 0
    assert hub.stop() < 5
    for wire in wires:
        wire.close()


class SmallDisk:
    """A copy of `folder` in its place, on a disk of 16 MB, for those alone who run by `command`."""

    def __init__(self, folder):
        user = [] if os.geteuid() == 0 else ["--user", "--map-root-user"]
        script = f"cd '{folder.parent}' && cp -a '{folder}' copy && mount -t tmpfs -o size=16m tmpfs '{folder}'" \
                 f" && cp -a copy/. '{folder}' && echo up && exec cat"
        self._holder = subprocess.Popen(["unshare", "--mount", *user, "sh", "-c", script],
                                        stdin=subprocess.PIPE, stdout=subprocess.PIPE)
        assert self._holder.stdout.readline() == b"up\n", "cannot mount a disk"
        self.folder = Path(f"/proc/{self._holder.pid}/root{folder}")
        self._enter = ["nsenter", f"--mount=/proc/{self._holder.pid}/ns/mnt",
                       *([f"--user=/proc/{self._holder.pid}/ns/user", "--preserve-credentials"] if user else [])]

    def command(self, *arguments):
        return [*self._enter, *map(str, arguments)]

    def close(self):
        self._holder.stdin.close()
        self._holder.wait()
        self._holder.stdout.close()


def test_full_disk_refuses_messages_until_there_is_room(make_hub):
    hub = make_hub()
    disk = hub.network = SmallDisk(hub.folder)
    hub.start()
    made = hub.request("PUT", "/devices/cam?api-version=2021-04-12",
                       {"deviceId": "cam", "authentication": {"type": "sas"}})
    token = hub.device_token("cam", made.json()["authentication"]["symmetricKey"]["primaryKey"])
    ballast = disk.folder / "ballast"
    ballast.write_bytes(bytes(8 << 20))
    padding = " " * 50_000
    acknowledged = []
    with Wire(hub) as wire:
        assert wire.connect("cam", token, clean=False) == 0
        while wire.publish(EVENTS.format("cam"), f"{len(acknowledged)}{padding}".encode(), 1):
            acknowledged.append(len(acknowledged))
            assert len(acknowledged) < 1000
    assert "its message was not kept: " in hub.log()
    assert hub.request("GET", "/devices/cam?api-version=2021-04-12").status == 200  # what is there can be read

    ballast.unlink()
    with Wire(hub) as wire:
        assert wire.connect("cam", token, clean=False) == 0
        assert wire.publish(EVENTS.format("cam"), f"{len(acknowledged)}{padding}".encode(), 1, dup=True) == 1
    acknowledged.append(len(acknowledged))
    assert [int(message["body"]) for message in messages(hub)] == acknowledged
    hub.close()
    disk.close()


def messages(hub):
    """All that the hub holds, in its order."""
    where, found = "from=earliest", []
    while True:
        page = hub.request("GET", f"/ounce/v1/telemetry?{where}&wait=0").json()
        if not page["messages"]:
            return found
        found += page["messages"]
        where = "after=" + page["cursor"]


def test_nothing_acknowledged_is_lost_or_doubled_by_kill(make_hub):
    hub = make_hub().start()
    made = hub.request("PUT", "/devices/cam?api-version=2021-04-12",
                       {"deviceId": "cam", "authentication": {"type": "sas"}})
    token = hub.device_token("cam", made.json()["authentication"]["symmetricKey"]["primaryKey"])
    window, rounds, number = 20, 5, 0
    unacknowledged = {}  # packet id -> number
    acknowledged = set()
    for cycle in range(rounds):
        wire = Wire(hub)
        assert wire.connect("cam", token, clean=False) == 0
        for packet_id, what in unacknowledged.items():
            wire.send(publish_packet(EVENTS.format("cam"), str(what).encode(), packet_id, dup=True))
        killer = None
        while True:
            while len(unacknowledged) < window and killer is None or not unacknowledged:
                number += 1
                packet_id = next(free for free in range(1, window + 2) if free not in unacknowledged)
                unacknowledged[packet_id] = number
                try:
                    wire.send(publish_packet(EVENTS.format("cam"), str(number).encode(), packet_id))
                except OSError:
                    break
            answer = wire.receive()
            if answer is None:
                break
            acknowledged.add(unacknowledged.pop(int.from_bytes(answer[1], "big")))
            if len(acknowledged) > 300 * (cycle + 1) and killer is None:
                killer = threading.Thread(target=hub.kill)
                killer.start()
        killer.join()
        wire.close()
        hub.start()
    with Wire(hub) as wire:
        assert wire.connect("cam", token, clean=False) == 0
        for packet_id, what in unacknowledged.items():
            assert wire.publish(EVENTS.format("cam"), str(what).encode(), packet_id, dup=True) == packet_id
    acknowledged |= set(unacknowledged.values())

    stored = [int(message["body"]) for message in messages(hub)]
    assert len(stored) == len(set(stored))
    assert set(stored) == acknowledged
