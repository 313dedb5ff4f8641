"""Registry, twins, queries and methods by the vendors' service clients, unchanged, against a hub."""

import pytest

from device_client import CLIENTS, DEPS, KINDS, DeviceClient

PROGRAMS = {
    "node": ["node", CLIENTS / "service.js"],
    "python": [DEPS / "clients-venv/bin/python", "-W", "ignore", CLIENTS / "service.py"],
}


class ServiceClient(DeviceClient):
    """A program of tests/clients/service.js or service.py, which trusts the hub's authority."""

    def command(self, kind):
        trust = [f"{name}={self.hub.ca}" for name in ("NODE_EXTRA_CA_CERTS", "REQUESTS_CA_BUNDLE")]
        return ["env", *trust, *map(str, PROGRAMS[kind])]

    def ask(self, what, **fields):
        return self.do(what, "done", **fields)["result"]

    def refused(self, what, **fields):
        return self.do(what, "error", **fields)


@pytest.fixture
def home(make_hub, private_network):
    """A hub on ports 443 and 8883 of a network of its own: the Node client knows no other port."""
    return make_hub(network=private_network).start()


@pytest.fixture(params=sorted(PROGRAMS))
def service(request, home):
    client = ServiceClient(request.param, home)
    client.kind = request.param
    client.ask("open", connection=f"HostName={home.host};SharedAccessKeyName=iothubowner;"
                                  f"SharedAccessKey={home.keys['iothubowner']}")
    yield client
    client.close()


def assert_refused(service, status, node_name, what, **fields):
    """The Node client has a class for each error; the Python client tells the status alone."""
    error = service.refused(what, **fields)
    assert (error["status"], error["name"]) == (status, node_name if service.kind == "node" else "HttpOperationError")


def test_device_is_made_read_listed_changed_and_deleted(service):
    made = service.ask("create", device="cam")
    keys = made["authentication"]["symmetricKey"]
    assert made["deviceId"] == "cam" and made["status"] == "enabled" and made["etag"]
    assert len(keys["primaryKey"]) == 44 and keys["primaryKey"] != keys["secondaryKey"]
    assert_refused(service, 409, "DeviceAlreadyExistsError", "create", device="cam")

    service.ask("create", device="cam(2)!")  # the clients escape differently
    assert service.ask("get", device="cam(2)!")["deviceId"] == "cam(2)!"
    assert sorted(device["deviceId"] for device in service.ask("list")) == ["cam", "cam(2)!"]

    changed = service.ask("disable", device="cam")
    assert changed["status"] == "disabled" and changed["etag"] != made["etag"]
    got = service.ask("get", device="cam")
    assert got["status"] == "disabled" and got["authentication"]["symmetricKey"] == keys

    service.ask("delete", device="cam")
    assert_refused(service, 404, "DeviceNotFoundError", "get", device="cam")
    assert [device["deviceId"] for device in service.ask("list")] == ["cam(2)!"]


def test_module_is_made_read_listed_changed_and_deleted(service):
    assert_refused(service, 404, "DeviceNotFoundError", "create", device="cam", module="eye")
    service.ask("create", device="cam")
    made = service.ask("create", device="cam", module="eye")
    assert (made["deviceId"], made["moduleId"]) == ("cam", "eye")
    assert_refused(service, 409, "DeviceAlreadyExistsError", "create", device="cam", module="eye")
    assert [module["moduleId"] for module in service.ask("list", device="cam")] == ["eye"]

    changed = service.ask("manage", device="cam", module="eye", by="gardener")
    assert changed["managedBy"] == "gardener" and changed["etag"] != made["etag"]
    got = service.ask("get", device="cam", module="eye")
    assert got["managedBy"] == "gardener"
    assert got["authentication"]["symmetricKey"] == made["authentication"]["symmetricKey"]

    service.ask("delete", device="cam", module="eye")
    assert_refused(service, 404, "Error", "get", device="cam", module="eye")  # Node has no class for a module
    assert service.ask("list", device="cam") == []


@pytest.mark.parametrize("module", [None, "eye"])
def test_twin_is_changed_only_by_who_knows_it(service, module):
    who = {"device": "cam"} | ({"module": module} if module else {})
    service.ask("create", device="cam")
    if module:
        service.ask("create", **who)
    first = service.ask("twin", **who)
    assert first["properties"]["desired"]["$version"] == 1

    patch = {"tags": {"site": "fen"}, "properties": {"desired": {"interval": 5, "lens": {"zoom": 2}}}}
    second = service.ask("patch", patch=patch, etag=first["etag"], **who)
    assert second["tags"] == {"site": "fen"} and second["etag"] != first["etag"]
    assert_refused(service, 412, "InvalidEtagError", "patch", patch={"tags": {"site": "hill"}}, etag=first["etag"],
                   **who)

    service.ask("patch", patch={"properties": {"desired": {"lens": {"zoom": 3}}}}, etag="*", **who)
    third = service.ask("twin", **who)
    desired = third["properties"]["desired"]
    assert third["tags"] == {"site": "fen"}
    assert (desired["interval"], desired["lens"], desired["$version"]) == (5, {"zoom": 3}, 3)
    assert third["version"] == 3


def test_query_gives_every_page(service):
    for number in range(5):
        service.ask("create", device=f"cam{number}")
    service.ask("patch", device="cam3", patch={"tags": {"site": "fen"}}, etag="*")
    rows = service.ask("query", text="SELECT * FROM devices", size=2)
    assert sorted(row["deviceId"] for row in rows) == [f"cam{number}" for number in range(5)]
    rows = service.ask("query", text="SELECT * FROM devices WHERE tags.site = 'fen'", size=2)
    assert [row["deviceId"] for row in rows] == ["cam3"]
    assert_refused(service, 400, "ArgumentError", "query", text="SELECT FROM", size=2)


@pytest.mark.parametrize("module", [None, "eye"])
@pytest.mark.parametrize("device_kind", sorted(KINDS))
def test_method_is_called(service, home, device_kind, module):
    who = {"device": "cam"} | ({"module": module} if module else {})
    call = {"methodName": "reboot", "payload": {"in": [1, "s"]}, "responseTimeoutInSeconds": 30,
            "connectTimeoutInSeconds": 0}
    assert_refused(service, 404, "DeviceNotFoundError", "method", call=call, **who)
    made = service.ask("create", device="cam")
    if module:
        made = service.ask("create", **who)
    assert_refused(service, 404, "Error", "method", call=call, **who)  # it is there, but not online

    device = DeviceClient(device_kind, home)
    try:
        key = made["authentication"]["symmetricKey"]["primaryKey"]
        module_part = f";ModuleId={module}" if module else ""
        device.open(f"HostName={home.host};DeviceId=cam{module_part};SharedAccessKey={key}")
        device.do("answer", "listening", method="reboot", status=207)
        answer = service.ask("method", call=call | {"connectTimeoutInSeconds": 30}, **who)
        assert answer == {"status": 207, "payload": {"echo": {"in": [1, "s"]}}}
        assert device.wait("method")["payload"] == {"in": [1, "s"]}
    finally:
        device.close()


def test_python_client_takes_another_port(hub):
    client = ServiceClient("python", hub)
    try:
        client.ask("open", connection=hub.connection_string())
        client.ask("create", device="cam")
        assert hub.request("GET", "/devices/cam?api-version=2021-04-12").json()["deviceId"] == "cam"
    finally:
        client.close()
