"""Devices and modules by the vendors' clients, unchanged, against a hub on the usual ports."""

import json
import subprocess

import pytest

from device_client import KINDS, DeviceClient

EVENTS = "devices/cam/messages/events/"


@pytest.fixture
def home(make_hub, private_network):
    """A hub on ports 443 and 8883 of a network of its own: the Python client knows no other port."""
    return make_hub(network=private_network).start()


@pytest.fixture(params=sorted(KINDS))
def make_client(request, home):
    clients = []

    def make():
        clients.append(DeviceClient(request.param, home))
        return clients[-1]

    yield make
    for client in clients:
        client.close()


def ask(hub, method, path, body=None, policy="iothubowner"):
    """A request from within the hub's network: (status, what the JSON says)."""
    parts = path.split("?")
    url = f"https://{hub.host}{parts[0]}?{'&'.join(['api-version=2021-04-12', *parts[1:]])}"
    done = hub.network.run(
        "curl", "--silent", "--show-error", "--cacert", hub.ca, "--request", method, "--config", "-",
        "--write-out", "\n%{http_code}", url,
        input=f"header = \"Authorization: {hub.sas_token(policy)}\"\nheader = \"Content-Type: application/json\"\n" +
        (f"data = {json.dumps(json.dumps(body))}\n" if body is not None else ""))
    assert done.returncode == 0, done.stderr
    text, status = done.stdout.rsplit("\n", 1)
    return int(status), json.loads(text) if text else None


def connection_string(hub, device, module=None):
    """Makes the device (and module) on the first call, and gives its connection string."""
    for path in [f"/devices/{device}"] + ([f"/devices/{device}/modules/{module}"] if module else []):
        identity = {"deviceId": device, "authentication": {"type": "sas"}}
        if "/modules/" in path:
            identity["moduleId"] = module
        status, made = ask(hub, "PUT", path, identity)
        if status == 409:
            status, made = ask(hub, "GET", path)
        assert status in (200, 201), made
    key = made["authentication"]["symmetricKey"]["primaryKey"]
    module_part = f";ModuleId={module}" if module else ""
    return f"HostName={hub.host};DeviceId={device}{module_part};SharedAccessKey={key}"


def messages(hub, count):
    """The first `count` messages that the hub holds."""
    status, page = ask(hub, "GET", "/ounce/v1/telemetry?from=earliest&wait=0")
    assert status == 200 and len(page["messages"]) >= count, page
    return page["messages"][:count]


@pytest.mark.parametrize("module", [None, "classifier"])
def test_messages_arrive_with_their_properties(make_client, home, module):
    client = make_client()
    client.open(connection_string(home, "cam", module))
    client.do("send", "sent", body="plain")
    client.do("send", "sent", body='{"t":21.5}', properties={"key 1": "v&=1+ä", "empty": ""},
              system={"messageId": "id 1", "contentType": "application/json", "contentEncoding": "utf-8"})
    first, second = messages(home, 2)
    assert (first["deviceId"], first.get("moduleId")) == ("cam", module)
    assert second["properties"] == {"key 1": "v&=1+ä", "empty": ""}
    assert second["systemProperties"] == {"messageId": "id 1", "contentType": "application/json",
                                          "contentEncoding": "utf-8"}


def test_twin_is_read_reported_and_pushed(make_client, home):
    client = make_client()
    client.open(connection_string(home, "cam"))
    assert client.do("twin", "twin")["desired"] == {"$version": 1}
    client.do("report", "reported", patch={"lens": {"clean": True}})
    assert client.do("twin", "twin")["reported"] == {"lens": {"clean": True}, "$version": 2}
    _, twin = ask(home, "GET", "/twins/cam")
    assert twin["properties"]["reported"]["lens"] == {"clean": True}
    assert twin["connectionState"] == "Connected"

    client.do("listen", "listening")
    status, _ = ask(home, "PATCH", "/twins/cam", {"properties": {"desired": {"interval": 5}}})
    assert status == 200
    while (pushed := client.wait("desired")["patch"])["$version"] < 2:
        pass  # the Node client begins with all that is desired
    assert pushed == {"interval": 5, "$version": 2}


def test_method_is_called_and_answered(make_client, home):
    client = make_client()
    client.open(connection_string(home, "cam"))
    call = {"methodName": "reboot", "payload": {"in": [1, "s"]}, "responseTimeoutInSeconds": 30}
    status, answer = ask(home, "POST", "/twins/cam/methods", call)
    assert status == 404, answer
    client.do("answer", "listening", method="reboot", status=207)
    status, answer = ask(home, "POST", "/twins/cam/methods", call | {"connectTimeoutInSeconds": 30})
    assert (status, answer) == (200, {"status": 207, "payload": {"echo": {"in": [1, "s"]}}})
    assert client.wait("method")["payload"] == {"in": [1, "s"]}


def test_method_that_nobody_answers_ends_in_time(make_client, home):
    client = make_client()
    client.open(connection_string(home, "cam"))
    client.do("answer", "listening", method="other", status=200)
    status, _ = ask(home, "POST", "/twins/cam/methods", {
        "methodName": "unknown", "payload": None, "connectTimeoutInSeconds": 10, "responseTimeoutInSeconds": 5})
    assert status == 504


def test_wrong_key_is_not_let_in(make_client, home):
    right = connection_string(home, "cam")
    other = connection_string(home, "other").split("SharedAccessKey=")[1]
    client = make_client()
    refusal = client.open(right.split("SharedAccessKey=")[0] + f"SharedAccessKey={other}", expect="error")
    assert refusal["name"] in ("UnauthorizedError", "CredentialError"), refusal


def test_deleted_device_is_closed_and_stays_out(make_client, home):
    connection = connection_string(home, "cam")
    client = make_client()
    client.open(connection)
    client.do("send", "sent", body="x")
    assert ask(home, "DELETE", "/devices/cam")[0] == 204
    again = make_client()
    assert again.open(connection, expect="error")["name"] in ("UnauthorizedError", "CredentialError")


def test_client_comes_back_after_the_hub_restarts(make_client, home):
    client = make_client()
    client.open(connection_string(home, "cam"))
    client.do("answer", "listening", method="reboot", status=200)
    client.do("send", "sent", body="before")
    home.restart()
    client.do("send", "sent", body="after")  # waits for its own reconnect
    assert [message["body"] for message in messages(home, 2)] == ["before", "after"]
    # Its subscription was kept (clean session 0): nothing had to be asked for again.
    status, _ = ask(home, "POST", "/twins/cam/methods",
                    {"methodName": "reboot", "payload": None, "connectTimeoutInSeconds": 30})
    assert status == 200


def test_mosquitto_publishes_and_subscribes(home):
    connection = connection_string(home, "cam")
    key = connection.split("SharedAccessKey=")[1]
    common = ["--cafile", home.ca, "-h", home.host, "-p", 8883, "-i", "cam", "-u",
              f"{home.host}/cam/?api-version=2021-04-12", "-P", home.device_token("cam", key), "-q", 1]
    sent = home.network.run("mosquitto_pub", *common, "-t", "devices/cam/messages/events/a=b", "-m", "by hand")
    assert sent.returncode == 0, sent.stderr
    assert messages(home, 1)[0]["body"] == "by hand"

    subscriber = subprocess.Popen(
        home.network.command("mosquitto_sub", *map(str, common), "-C", "1", "-W", "60", "-v", "-t",
                             "$iothub/twin/PATCH/properties/desired/#"), stdout=subprocess.PIPE, text=True)
    interval = 0
    while subscriber.poll() is None:  # until it has subscribed, and got one
        interval += 1
        ask(home, "PATCH", "/twins/cam", {"properties": {"desired": {"interval": interval}}})
    pushed = subscriber.stdout.read()
    subscriber.stdout.close()
    assert subscriber.returncode == 0
    assert pushed.startswith("$iothub/twin/PATCH/properties/desired/?$version=")


def mosquitto_pub(hub, token, topic):
    """The command line that publishes as `cam`."""
    return hub.network.command("mosquitto_pub", "--cafile", hub.ca, "-h", hub.host, "-i", "cam", "-u",
                               f"{hub.host}/cam/?api-version=2021-04-12", "-P", token, "-q", 1, "-t", topic, "-m", "x")


@pytest.mark.parametrize("seconds, device", [(3600, "other"), (-3600, "cam")], ids=["wrong key", "expired token"])
def test_mosquitto_is_not_let_in(home, seconds, device):
    connection_string(home, "cam")
    key = connection_string(home, device).split("SharedAccessKey=")[1]
    sent = subprocess.run(mosquitto_pub(home, home.device_token("cam", key, seconds=seconds), EVENTS), text=True,
                          capture_output=True, check=False, timeout=60)
    assert sent.returncode != 0
    assert "not authorised" in (sent.stdout + sent.stderr).lower()


def test_mosquitto_gets_no_answer_for_another_topic(home):
    key = connection_string(home, "cam").split("SharedAccessKey=")[1]
    # When it is closed it tries again for ever, or ends: as quick as it is to see it.
    publisher = subprocess.Popen(mosquitto_pub(home, home.device_token("cam", key), "devices/other/messages/events/"),
                                 stderr=subprocess.DEVNULL)
    ended = False
    while "the topic belongs to another device" not in home.log():
        assert not ended
        ended = publisher.poll() is not None
    publisher.kill()
    publisher.wait()
