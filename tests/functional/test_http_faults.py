"""Callers of the hub's HTTPS that are wrong, hostile or slow: what they get, and that others keep working."""

import json
import socket
import ssl
import threading
import time

import pytest

from hub_process import sas_token

SERVED_SECONDS = 5  # in which somebody else is answered, however loaded the machine is
VERSION = "?api-version=2021-04-12"


class Caller:
    """A caller that says what a test wants, well-formed or not, from an address of this machine."""

    def __init__(self, hub, handshake=True, source="127.0.0.1"):
        self.socket = socket.create_connection(("127.0.0.1", hub.https_port), timeout=30, source_address=(source, 0))
        if handshake:
            context = ssl.create_default_context(cafile=hub.ca)
            self.socket = context.wrap_socket(self.socket, server_hostname="localhost")

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.socket.close()

    def send(self, text):
        self.socket.sendall(text.encode() if isinstance(text, str) else text)

    def read_all(self):
        """Until the hub closes."""
        said = b""
        try:
            while piece := self.socket.recv(65536):
                said += piece
        except (ssl.SSLError, ConnectionError):
            pass
        return said.decode(errors="replace")

    def get(self, path, headers=""):
        """One request on this connection; status and body."""
        self.send(f"GET {path} HTTP/1.1\r\nHost: x\r\n{headers}\r\n")
        said = b""
        while b"\r\n\r\n" not in said:
            piece = self.socket.recv(65536)
            assert piece, "closed without an answer"
            said += piece
        head, _, body = said.partition(b"\r\n\r\n")
        length = int(dict(line.split(": ", 1) for line in head.decode().split("\r\n")[1:])["Content-Length"])
        while len(body) < length:
            piece = self.socket.recv(65536)
            assert piece, "closed in the middle of an answer"
            body += piece
        return int(head.split()[1]), body.decode()


def assert_served(hub, source="127.0.0.1"):
    """Somebody else is answered, and soon."""
    begin = time.monotonic()
    with Caller(hub, source=source) as other:
        assert other.get("/healthz")[0] == 200
    assert time.monotonic() - begin < SERVED_SECONDS


def resident_bytes(hub):
    with open(f"/proc/{hub.process.pid}/status", encoding="ascii") as status:
        return next(int(line.split()[1]) * 1024 for line in status if line.startswith("VmRSS"))


# Who may, and what there is


def put_device(hub, authorization, path="/devices/cam"):
    return hub.request("PUT", path + VERSION, {"deviceId": "cam"}, headers={"Authorization": authorization},
                       policy=None)


def test_only_those_who_may_get_through_and_nothing_changes_otherwise(hub):
    refused = {
        "no credential": "",
        "a wrong key": sas_token("localhost", "bm90IGEga2V5IG9mIHRoaXMgaHViISEhISEhISEhISE=", policy="iothubowner"),
        "an expired token": hub.sas_token(seconds=-3600),
        "another hub's token": hub.sas_token(resource="other.example"),
        "another device's token": hub.sas_token(resource="localhost/devices/other"),
        "a neighbour by name": hub.sas_token(resource="localhost/devices/ca"),
        "a policy without the right": hub.sas_token(policy="registryRead"),
        "a device's token": hub.device_token("cam", hub.keys["device"]),
        "an unknown policy": sas_token("localhost", hub.keys["service"], policy="nobody"),
        "noise": "SharedAccessSignature sr&sig",
        "another scheme": "Digest username=iothubowner",
    }
    for what, authorization in refused.items():
        answer = put_device(hub, authorization)
        assert answer.status == 401, what
        assert answer.headers["iothub-errorcode"] in ("IotHubUnauthorized", "IotHubUnauthorizedAccess"), what
        assert "Message" in answer.json(), what
    assert hub.request("GET", "/devices/cam" + VERSION).status == 404, "it must not have been made"
    assert put_device(hub, hub.sas_token(resource="localhost/devices/cam")).status == 200
    log = hub.log()
    for secret in (*hub.keys.values(), hub.training_key, hub.prediction_key, "sig="):
        assert secret not in log


def test_unknown_routes_are_worded_as_their_clients_expect(hub):
    answer = hub.request("GET", "/devices/cam/nothing/here" + VERSION)
    assert answer.status == 404
    assert answer.json()["Message"].startswith("ErrorCode:")
    answer = hub.request("GET", "/no/such/path")
    assert answer.status == 404
    assert answer.json()["error"]["code"] == "RouteNotFound"
    answer = hub.request("DELETE", "/healthz")
    assert answer.status == 405
    assert answer.headers["Allow"] == "GET"
    for path in ("/devices/%zz", "/devices/../x", "/devices/%00"):
        assert hub.request("GET", path + VERSION).status == 400, path


@pytest.mark.parametrize("head", ["Content-Length: 100000000", "Transfer-Encoding: chunked"])
def test_a_body_that_is_too_large_is_refused_before_it_is_all_there(hub, head):
    with Caller(hub) as caller:
        caller.send(f"PUT /devices/cam{VERSION} HTTP/1.1\r\nHost: x\r\nAuthorization: {hub.sas_token()}\r\n{head}\r\n\r\n")
        piece = b"x" * 65536
        chunked = b"10000\r\n" + piece + b"\r\n"
        for _ in range(100):
            caller.send(chunked if "chunked" in head else piece)  # the hub takes and drops it for a while
        said = caller.read_all()
    assert said.startswith("HTTP/1.1 413 ")
    assert json.loads(said.partition("\r\n\r\n")[2])["Message"].startswith("ErrorCode:")
    assert_served(hub)


def test_what_is_no_request_is_refused(hub):
    for what, said, status in (("noise", "\x01\x02 hello\r\n\r\n", "400"),
                               ("a head without end", "GET /" + "a" * 40_000, "431"),
                               ("smuggling", "POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 1\r\n"
                                             "Transfer-Encoding: chunked\r\n\r\n0\r\n\r\n", "400")):
        with Caller(hub) as caller:
            caller.send(said)
            assert caller.read_all().startswith(f"HTTP/1.1 {status} "), what
    with Caller(hub, handshake=False) as plain:
        plain.send("GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n")
        assert "HTTP/1.1 200" not in plain.read_all()
    assert_served(hub)


# Time, memory, connections


def test_callers_that_say_nothing_are_closed_and_hold_up_nobody(hub):
    silent = [Caller(hub, handshake=False) for _ in range(100)]
    silent += [Caller(hub) for _ in range(20)]
    assert_served(hub)
    for caller in silent[:100]:
        assert caller.read_all() == ""  # the hub ends them; the socket's deadline would raise
    for caller in silent:
        caller.socket.close()


def test_a_caller_that_never_reads_costs_little_and_holds_up_nobody(hub):
    token = hub.sas_token()
    with Caller(hub) as deaf:
        request = f"GET /metrics HTTP/1.1\r\nHost: x\r\nAuthorization: {token}\r\n\r\n".encode()
        before = resident_bytes(hub)
        deaf.socket.settimeout(1)
        with pytest.raises(TimeoutError):  # at some point the hub reads no further either
            for _ in range(10_000):
                deaf.socket.sendall(request * 100)
        assert_served(hub)
        assert resident_bytes(hub) - before < 50_000_000


def test_ten_thousand_connects_from_one_address_leave_another_its_place(hub):
    flooded = threading.Event()

    def flood():
        for _ in range(10_000):
            try:
                with socket.create_connection(("127.0.0.1", hub.https_port), timeout=30):
                    pass
            except ConnectionError:
                pass
        flooded.set()

    loud = threading.Thread(target=flood)
    loud.start()
    asked = 0
    with Caller(hub, source="127.0.0.2") as kept:
        while not flooded.is_set() or asked == 0:
            if asked < 50:  # it has a limit of its own
                assert_served(hub, source="127.0.0.2")
            assert kept.get("/healthz")[0] == 200
            asked += 1
        loud.join()
        # By the connection that is there: the loud address has to wait until it may connect again.
        _, page = kept.get("/metrics", f"Authorization: {hub.sas_token()}\r\n")
    refused = next(int(line.split()[-1]) for line in page.splitlines()
                   if line.startswith('http_connections_refused_total{reason="rate"}'))
    assert refused > 0, "the limit was not reached: this shows nothing"


# The end


def test_a_request_under_way_is_answered_when_the_hub_stops(hub):
    body = json.dumps({"deviceId": "late"})
    with Caller(hub) as caller, Caller(hub) as idle:
        caller.send(f"PUT /devices/late{VERSION} HTTP/1.1\r\nHost: x\r\nAuthorization: {hub.sas_token()}\r\n"
                    f"Content-Length: {len(body)}\r\nExpect: 100-continue\r\n\r\n")
        assert b" 100 " in caller.socket.recv(1000)
        stopped = []
        stopper = threading.Thread(target=lambda: stopped.append(hub.stop()))
        stopper.start()
        assert idle.read_all() == ""  # it is stopping
        caller.send(body)
        assert caller.read_all().startswith("HTTP/1.1 200 ")
        stopper.join()
    assert stopped[0] < 5
    hub.start()
    assert hub.request("GET", "/devices/late" + VERSION).status == 200


def test_a_request_that_does_not_end_is_cut_off_when_the_hub_stops(hub):
    with Caller(hub) as caller:
        caller.send(f"PUT /devices/never{VERSION} HTTP/1.1\r\nHost: x\r\nAuthorization: {hub.sas_token()}\r\n"
                    f"Content-Length: 10\r\nExpect: 100-continue\r\n\r\n")
        assert b" 100 " in caller.socket.recv(1000)
        assert hub.stop() < 5
        assert caller.read_all() == ""
    hub.start()
    assert hub.request("GET", "/devices/never" + VERSION).status == 404
