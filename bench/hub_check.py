"""Looks whether the hub has each message that it acknowledged, once and undamaged, by reading its telemetry.

    verdict = check(hub, cursor, acknowledged)   # the file that `bench_mqtt_load publish --acknowledged` wrote
"""

import hashlib
import json
import urllib.parse
from pathlib import Path

PAGE = 1000


def telemetry(hub, connection, **query) -> dict:
    return hub.ask(connection, "GET", "/ounce/v1/telemetry?" +
                   urllib.parse.urlencode({"limit": PAGE, **query}))


def cursor_now(hub) -> str:
    """From where on messages that do not exist yet will be read."""
    return telemetry(hub, hub.connection(), **{"from": "latest"})["cursor"]


def read_body(body: bytes, run: str):
    """(device, sequence) of a message of this run whose checksum is right, else None."""
    before, mark, check = body.rpartition(b'","check":"')
    if not mark or check[:-2].decode("ascii", "replace") != hashlib.sha256(before).hexdigest()[:16]:
        return None
    parsed = json.loads(body)
    return (parsed["device"], parsed["sequence"]) if parsed["run"] == run else None


def check(hub, cursor: str, acknowledged: Path) -> dict:
    """As `bench_mqtt_load` itself tells it of other brokers: {"missing", "twice", "damaged", "unacknowledged"}."""
    told = json.loads(acknowledged.read_text())
    counts = {device: bytearray(of["sent"]) for device, of in told["devices"].items()}
    damaged = 0
    connection = hub.connection()
    while True:
        page = telemetry(hub, connection, after=cursor)
        if not page["messages"]:
            break
        cursor = page["cursor"]
        for message in page["messages"]:
            name = read_body(message.get("body", "").encode(), told["run"])
            if name is None or name[0] != message["deviceId"] or name[1] >= len(counts.get(name[0], b"")):
                damaged += 1
            else:
                counts[name[0]][name[1]] = min(255, counts[name[0]][name[1]] + 1)
    verdict = {"missing": 0, "twice": 0, "damaged": damaged, "unacknowledged": 0}
    for device, of in told["devices"].items():
        found = counts[device]
        missing = sum(found[first:last + 1].count(0) for first, last in of["acknowledged"])
        acknowledged_count = sum(last + 1 - first for first, last in of["acknowledged"])
        verdict["missing"] += missing
        verdict["twice"] += sum(count > 1 for count in found)
        verdict["unacknowledged"] += len(found) - found.count(0) - (acknowledged_count - missing)
    return verdict
