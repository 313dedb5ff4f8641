"""`ounce login`, `device`, `twin`, `method` and `monitor` against a real hub."""

import json
import stat
import struct

import pytest
from client_commands import ClientCommands
from mqtt_wire import Wire, publish_packet, subscribe_packet


@pytest.fixture
def ounce(hub, tmp_path):
    return ClientCommands(hub, tmp_path / "home")


def key_of(connection_string):
    return connection_string.strip().split(";SharedAccessKey=")[1]


@pytest.fixture
def send(hub, ounce):
    """send("cam-1", b"body"): a device sends over HTTPS; it is made when it sends first."""
    keys = {}

    def send_message(device, body, content_type="application/json"):
        if device not in keys:
            ounce("device", "create", device)
            keys[device] = key_of(ounce("device", "connection-string", device).stdout)
        answer = hub.request("POST", f"/devices/{device}/messages/events?api-version=2021-04-12", body,
                             {"Authorization": hub.device_token(device, keys[device]), "iothub-contenttype": content_type,
                              "iothub-app-place": "ladakh"}, policy=None)
        assert answer.status == 204, answer.body
    return send_message


def test_login_keeps_the_hub_for_later_commands(hub, tmp_path):
    ounce = ClientCommands(hub, tmp_path / "home", policy=None)
    text = hub.connection_string("registryRead")
    about = json.loads(ounce("--profile", "farm", "login", "--ca", hub.ca, "--json", text=text).stdout)
    assert (about["profile"], about["policy"], about["rights"]) == ("farm", "registryRead", ["RegistryRead"])
    book = tmp_path / "home/.config/ounce/profiles.toml"
    assert stat.S_IMODE(book.stat().st_mode) == 0o600
    assert ounce.json("device", "list") == {"devices": []}
    refused = ounce("device", "create", "cam-1", "--json", status=12)  # the vendor's wire has 401 for this too
    assert "RegistryWrite" in json.loads(refused.stdout)["error"]["message"]
    ounce("profile", "remove", "farm")
    ounce("device", "list", status=4)


def test_login_with_a_wrong_key_keeps_nothing(hub, tmp_path):
    ounce = ClientCommands(hub, tmp_path / "home", policy=None)
    wrong = hub.connection_string("service").replace(hub.keys["service"], hub.keys["device"])
    ounce("login", "--ca", hub.ca, text=wrong, status=12)
    assert not (tmp_path / "home/.config").exists()


def test_a_device_is_made_shown_and_deleted_without_telling_its_key(ounce):
    made = ounce.json("device", "create", "cam 1".replace(" ", "-"))
    assert (made["deviceId"], made["status"]) == ("cam-1", "enabled")
    ounce("device", "create", "gate#2", "--edge", "--disabled")
    ounce("device", "create", "cam-1", status=7)
    assert {device["deviceId"] for device in ounce.json("device", "list")["devices"]} == {"cam-1", "gate#2"}
    shown = ounce.json("device", "show", "gate#2")
    assert shown["status"] == "disabled"
    assert {module["moduleId"] for module in shown["modules"]} == {"$edgeAgent", "$edgeHub"}
    text = ounce("device", "connection-string", "cam-1").stdout
    assert text.startswith("HostName=localhost;DeviceId=cam-1;SharedAccessKey=")
    other = ounce("device", "connection-string", "cam-1", "--secondary", "--port", "18883").stdout
    assert other.startswith("HostName=localhost:18883;DeviceId=cam-1;") and key_of(other) != key_of(text)
    of_module = ounce("device", "connection-string", "gate#2", "--module", "$edgeHub").stdout
    assert ";DeviceId=gate#2;ModuleId=$edgeHub;SharedAccessKey=" in of_module
    for command in (("device", "create", "cam-3"), ("device", "show", "cam-1"), ("device", "list")):
        assert "primaryKey" not in ounce(*command, "--json").stdout
    ounce("device", "delete", "cam-1")
    assert "cam-1" in ounce("device", "show", "cam-1", status=4).stderr


def test_a_twin_is_merged_and_guarded_by_its_etag(ounce, tmp_path):
    ounce("device", "create", "cam-1")
    first = ounce.json("twin", "update", "cam-1", "--desired", '{"interval_s": 60, "debug": true}')
    (tmp_path / "tags.json").write_text('{"site": "ladakh"}')
    ounce("twin", "update", "cam-1", "--desired", '{"debug": null}', "--tags", f"@{tmp_path}/tags.json")
    twin = ounce.json("twin", "show", "cam-1")
    desired = {key: value for key, value in twin["properties"]["desired"].items() if not key.startswith("$")}
    assert (desired, twin["tags"]) == ({"interval_s": 60}, {"site": "ladakh"})
    ounce("twin", "update", "cam-1", "--tags", '{"site": "elsewhere"}', "--etag", first["etag"], status=13)
    ounce("twin", "update", "cam-1", "--tags", '{"site": "leh"}', "--etag", twin["etag"])
    assert ounce.json("twin", "show", "cam-1")["tags"] == {"site": "leh"}
    for wrong in ((), ("--tags", "{site}"), ("--tags", "@nowhere.json")):
        assert ounce("twin", "update", "cam-1", *wrong, status=4 if "@nowhere.json" in wrong else 2)


def test_a_method_of_a_device_that_is_not_there_says_so(ounce):
    ounce("device", "create", "cam-1")
    assert "cam-1" in ounce("method", "call", "cam-1", "capture", "--payload", "{}", status=4).stderr


def test_a_method_is_asked_and_answered(hub, ounce):
    ounce("device", "create", "cam-1")
    key = key_of(ounce("device", "connection-string", "cam-1").stdout)
    with Wire(hub) as device:
        assert device.connect("cam-1", hub.device_token("cam-1", key)) == 0
        device.send(subscribe_packet("$iothub/methods/POST/#", qos=0))
        assert device.receive()[0] == 0x90
        call = ounce.start("method", "call", "cam-1", "capture", "--payload", '{"frames": 3}', "--json")
        first, body = device.receive()
        assert first & 0xF0 == 0x30
        size = struct.unpack(">H", body[:2])[0]
        topic, payload = body[2:2 + size].decode(), body[2 + size:]
        assert topic.startswith("$iothub/methods/POST/capture/?$rid=") and json.loads(payload) == {"frames": 3}
        request = topic.split("$rid=")[1]
        device.send(publish_packet(f"$iothub/methods/res/207/?$rid={request}", b'{"taken": 3}'))
        answer, _ = call.communicate(timeout=60)
    assert call.returncode == 0
    assert json.loads(answer) == {"status": 207, "payload": {"taken": 3}}


def test_a_message_sent_in_a_devices_name_is_shown_by_monitor(ounce):
    ounce("device", "create", "cam-1")
    ounce("device", "send", "cam-1", "--body", '{"leopard": 0.97}', "--property", "camera=north")
    (message,) = ounce.json_lines("monitor", "--from", "earliest", "--once")
    assert (message["deviceId"], json.loads(message["body"])) == ("cam-1", {"leopard": 0.97})
    assert message["properties"] == {"camera": "north"}
    ounce("device", "send", "no-such-device", status=4)


def test_monitor_shows_each_message_once_in_order(ounce, send):
    for number in range(3):
        send("cam-1", json.dumps({"t": number}))
    send("cam-2", b"\xff\x00", "application/octet-stream")
    lines = ounce.json_lines("monitor", "--from", "earliest", "--once", "--device", "cam-1")
    assert [json.loads(line["body"])["t"] for line in lines] == [0, 1, 2]
    assert lines[0]["properties"] == {"place": "ladakh"}
    assert lines[0]["systemProperties"]["contentType"] == "application/json"
    other = ounce.json_lines("monitor", "--from", "earliest", "--once", "--device", "cam-2")
    assert [line["bodyBase64"] for line in other] == ["/wA="]
    text = ounce("monitor", "--from", "earliest", "--count", "4").stdout.splitlines()
    assert len(text) == 4 and sum("cam-1  {\"t\": " in line for line in text) == 3
    assert ounce.json_lines("monitor", "--from", "2100-01-01T00:00:00Z", "--once") == []
    ounce("monitor", "--from", "yesterday", status=2)


def test_monitor_goes_on_through_a_restart_of_the_hub(make_hub, tmp_path):
    hub = make_hub().start()
    ounce = ClientCommands(hub, tmp_path / "home")
    port = hub.https_port
    ounce("device", "create", "cam-1")
    key = key_of(ounce("device", "connection-string", "cam-1").stdout)

    def send_number(number):
        answer = hub.request("POST", "/devices/cam-1/messages/events?api-version=2021-04-12", str(number),
                             {"Authorization": hub.device_token("cam-1", key)}, policy=None)
        assert answer.status == 204, answer.body

    send_number(1)
    monitor = ounce.start("monitor", "--from", "earliest", "--count", "3", "--json")
    assert json.loads(monitor.stdout.readline())["body"] == "1"
    hub.stop()
    config = hub.folder / "hub.toml"
    config.write_text(config.read_text().replace("https_port = 0", f"https_port = {port}"))
    assert "trying again" in monitor.stderr.readline()
    hub.start()
    send_number(2)
    send_number(3)
    rest, _ = monitor.communicate(timeout=60)
    assert monitor.returncode == 0
    assert [json.loads(line)["body"] for line in rest.splitlines()] == ["2", "3"]
