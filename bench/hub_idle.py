#!/usr/bin/env python3
"""What a hub costs that has little to do, beside Mosquitto and NATS: memory with and without idle devices, TLS
handshakes, and how soon it is ready.

    hub_idle.py BUILD [--devices 1000] [--seconds 5] [--rounds 3] [--folder F] [--only NAME...] [--json FILE]

All in one run, the servers in turn, each started anew. Handshakes are full ones, TLS 1.3, 32 at a time, made by
bench_mqtt_load on the same cores: half of the work is the client's, so the server's own work is told as well.
"""

import argparse
import json
import os
import shutil
import statistics
import subprocess
import sys
from pathlib import Path

from hub_servers import Certificates, Mosquitto, Nats, Ounce


def idle_devices(build: Path, server, count: int, seconds: float) -> dict:
    """Memory with `count` devices connected and silent, and the work they cost meanwhile."""
    command = [build / "bin/bench_mqtt_load", "idle", *server.load_options(count), "--connections", str(count)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as load:
        connected = json.loads(load.stdout.readline() or "{}")
        if connected.get("connections") != count:
            raise RuntimeError(f"{server.name}: the devices do not connect")
        before = server.cpu_seconds()
        try:
            load.wait(seconds)
        except subprocess.TimeoutExpired:
            pass
        told = {"rss_mib_idle": server.rss_mib(), "connects_per_s": connected["connects_per_s"],
                "cpu_percent_idle": (server.cpu_seconds() - before) / seconds * 100}
        load.stdin.close()
        lost = json.loads(load.stdout.readline())["lost_connections"]
        if lost:
            raise RuntimeError(f"{server.name}: {lost} idle devices lost their connection")
    return told


def handshakes(build: Path, server, seconds: float) -> dict:
    before = server.cpu_seconds()
    done = subprocess.run([build / "bin/bench_mqtt_load", "handshakes", *server.load_options(1), "--seconds",
                           str(seconds)], capture_output=True, text=True, check=False)
    if done.returncode != 0:
        raise RuntimeError(f"{server.name}: {done.stderr}")
    told = json.loads(done.stdout)
    return {"handshakes_per_s": told["per_s"], "handshake_p50_ms": told["latency_ms"]["p50"],
            "handshake_cpu_ms": (server.cpu_seconds() - before) * 1e3 / told["handshakes"]}


def measure(build: Path, start, wanted) -> dict:
    with start() as server:
        told = {"start_ms": server.start_seconds * 1e3, "rss_mib": server.rss_mib()}
        told.update(idle_devices(build, server, wanted.devices, wanted.seconds))
        told.update(handshakes(build, server, wanted.seconds))
    told["kib_a_device"] = (told["rss_mib_idle"] - told["rss_mib"]) * 1024 / wanted.devices
    return told


ROWS = [("start_ms", "start to ready, ms", 0), ("rss_mib", "memory (RSS), MiB", 1),
        ("rss_mib_idle", "the same with idle devices, MiB", 1), ("kib_a_device", "KiB a device", 1),
        ("cpu_percent_idle", "processor while they are idle, % of one core", 2),
        ("connects_per_s", "devices connected a second (TLS and CONNECT)", 0),
        ("handshakes_per_s", "TLS handshakes a second", 0), ("handshake_p50_ms", "of one, median, ms", 1),
        ("handshake_cpu_ms", "the server's work for one, ms of processor", 2)]


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("build", type=Path)
    parser.add_argument("--devices", type=int, default=1000)
    parser.add_argument("--seconds", type=float, default=5)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--folder", type=Path, help="BUILD/bench-hub if not given")
    parser.add_argument("--only", nargs="*", default=[], help="of the servers")
    parser.add_argument("--json", type=Path)
    wanted = parser.parse_args()
    build = wanted.build.resolve()
    folder = (wanted.folder or build / "bench-hub").resolve()

    told = {}
    for number in range(wanted.rounds):
        shutil.rmtree(folder, ignore_errors=True)
        made = Ounce.init(build, folder / "ounce")
        certificates = Certificates(folder / "ounce/data/keys")
        starts = {Ounce.name: lambda: Ounce.start(build, folder / "ounce", made),
                  Mosquitto.name: lambda: Mosquitto.start(folder / "mosquitto", certificates),
                  Nats.name: lambda: Nats.start(folder / "nats", certificates)}
        names = [name for name in starts if not wanted.only or name in wanted.only]
        if Ounce.name in names:
            with starts[Ounce.name]() as hub:
                hub.load_options(1)  # so that the hub measured has its devices from the start
        for name in names[number % len(names):] + names[:number % len(names)]:
            told.setdefault(name, []).append(measure(build, starts[name], wanted))
            print(f"round {number + 1}/{wanted.rounds}: {name}: {told[name][-1]}", file=sys.stderr)
    shutil.rmtree(folder)

    print(f"{wanted.devices} devices, {wanted.rounds} rounds, medians (least to most), {os.cpu_count()} processors\n")
    print(f"| what | {' | '.join(told)} |\n|---|{'---|' * len(told)}")
    for key, what, digits in ROWS:
        cells = []
        for runs in told.values():
            values = [run[key] for run in runs]
            cells.append(f"{statistics.median(values):.{digits}f} ({min(values):.{digits}f} to "
                         f"{max(values):.{digits}f})")
        print(f"| {what} | {' | '.join(cells)} |")
    if wanted.json:
        wanted.json.write_text(json.dumps(told, indent=1) + "\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
