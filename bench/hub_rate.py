#!/usr/bin/env python3
"""Durable messages from devices: the hub beside Mosquitto, NATS and what the disk itself keeps.

    hub_rate.py BUILD [--seconds 5] [--rounds 3] [--folder F] [--only NAME...] [--profiles CxW...] [--json FILE]

QoS 1 over TLS, 500 bytes, one load generator (bench_mqtt_load, one thread) on the same cores as the server. In each
round all servers start on empty folders and take turns, the first another one each time. After each run every
acknowledged message is looked for: in the hub by reading its telemetry, in the brokers by a durable subscriber that
was away meanwhile. A wrong message ends the measurement.
"""

import argparse
import json
import os
import shutil
import statistics
import subprocess
import sys
from pathlib import Path

from hub_check import check, cursor_now
from hub_servers import Certificates, Mosquitto, Nats, Ounce

# connections, unacknowledged messages of each at most, messages a second in all (0: as many as go)
PROFILES = [(1, 1, 0), (1, 100, 0), (100, 10, 0), (1000, 1, 0), (1000, 1, 500)]
BYTES = 500
LIMIT = "disk: write, sync"
SQLITE = "SQLite: insert, commit"


def load(build: Path, server, profile: tuple, seconds: float) -> dict:
    """One run: the load generator's report, with the verdict and the server's work for a message."""
    connections, window, rate = profile
    ours = isinstance(server, Ounce)
    acknowledged = server.folder / "acknowledged.json"
    options = server.load_options(connections)
    cursor = cursor_now(server) if ours else None
    command = [build / "bin/bench_mqtt_load", "publish", *options, *server.publish_options(),
               "--connections", str(connections), "--window", str(window), "--rate", str(rate), "--bytes", str(BYTES),
               "--seconds", str(seconds), *(["--acknowledged", acknowledged] if ours else [])]
    told, work = {}, []
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as running:
        for line in running.stdout:  # one when all are connected, one when all is sent, one of what was found
            work.append(server.cpu_seconds())
            told.update(json.loads(line))
        errors = running.stderr.read()
    if ours and "messages" in told:
        told["check"] = check(server, cursor, acknowledged)
    wrong = [name for name in ("missing", "twice", "damaged") if told.get("check", {}).get(name, 1)]
    if running.returncode != 0 or wrong:
        raise RuntimeError(f"{server.name}, {profile}: {told} {errors}")
    told["cpu_us"] = (work[1] - work[0]) * 1e6 / told["messages"]
    return told


def limits(build: Path, folder: Path, group: int, seconds: float) -> dict:
    done = subprocess.run([build / "bin/bench_disk_limit", folder, str(group), str(BYTES), str(seconds / 2)],
                          capture_output=True, text=True, check=True)
    return json.loads(done.stdout)


def one_round(build: Path, folder: Path, number: int, wanted) -> dict:
    """(profile, name) -> what it told."""
    told = {}
    servers = []
    try:
        made = Ounce.init(build, folder / "ounce")
        certificates = Certificates(folder / "ounce/data/keys")
        if not wanted.only or Ounce.name in wanted.only:
            servers.append(Ounce.start(build, folder / "ounce", made))
        servers += [kind.start(folder / kind.name, certificates) for kind in (Mosquitto, Nats)
                    if not wanted.only or kind.name in wanted.only]
        turns = servers[number % len(servers):] + servers[:number % len(servers)]
        for profile in wanted.profiles:
            for server in turns:
                told[profile, server.name] = load(build, server, profile, wanted.seconds)
                print(f"round {number + 1}/{wanted.rounds}: {profile} {server.name}: "
                      f"{told[profile, server.name]['per_s']:.0f}/s", file=sys.stderr)
            if not profile[2]:
                limit = limits(build, folder, profile[0] * profile[1], wanted.seconds)
                told[profile, LIMIT] = {"per_s": limit["per_s"]}
                told[profile, SQLITE] = {"per_s": limit["sqlite_per_s"]}
    finally:
        for server in servers:
            server.stop()
    return told


def spread(values: list, digits: int = 0) -> str:
    return f"{statistics.median(values):.{digits}f} ({min(values):.{digits}f} to {max(values):.{digits}f})"


def print_table(profile: tuple, rounds: list, names: list) -> None:
    connections, window, rate = profile
    flow = f"{rate} messages a second in all" if rate else f"up to {window} unacknowledged each"
    print(f"\n{connections} connection{'s' if connections > 1 else ''}, {flow}\n")
    print("| what | messages/s, median (least to most) | of Mosquitto, median | p50 ms | p99 ms | longest ms | "
          "processor a message, µs |\n|---|---|---|---|---|---|---|")
    for name in names:
        runs = [told[profile, name] for told in rounds if (profile, name) in told]
        if not runs:
            continue
        pairs = [told[profile, name]["per_s"] / told[profile, Mosquitto.name]["per_s"] for told in rounds
                 if (profile, name) in told and (profile, Mosquitto.name) in told]
        ratio = f"{statistics.median(pairs):.2f}" if pairs else ""
        times = [f"{statistics.median(run['latency_ms'][part] for run in runs):.2f}" if "latency_ms" in runs[0] else ""
                 for part in ("p50", "p99", "max")]
        times.append(f"{statistics.median(run['cpu_us'] for run in runs):.0f}" if "cpu_us" in runs[0] else "")
        print(f"| {name} | {spread([run['per_s'] for run in runs])} | {ratio} | {' | '.join(times)} |")


def profile_of(text: str) -> tuple:
    """"100x10" or "1000x1@500"."""
    shape, _, rate = text.partition("@")
    connections, _, window = shape.partition("x")
    return int(connections), int(window), int(rate or 0)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("build", type=Path)
    parser.add_argument("--seconds", type=float, default=5)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--folder", type=Path, help="on the disk to be measured; BUILD/bench-hub if not given")
    parser.add_argument("--only", nargs="*", default=[], help="of the servers")
    parser.add_argument("--profiles", nargs="*", type=profile_of, default=PROFILES,
                        help="CONNECTIONSxWINDOW[@RATE], as 100x10 or 1000x1@500")
    parser.add_argument("--json", type=Path)
    wanted = parser.parse_args()
    build = wanted.build.resolve()
    folder = (wanted.folder or build / "bench-hub").resolve()

    rounds = []
    for number in range(wanted.rounds):
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir(parents=True)
        rounds.append(one_round(build, folder, number, wanted))
    shutil.rmtree(folder)
    print(f"{BYTES} bytes, QoS 1, TLS; {wanted.rounds} rounds of {wanted.seconds:g} s, {os.cpu_count()} processors for "
          "server and load together; every acknowledged message was there once\n")
    nats_syncs = "and syncs before it acknowledges" if Nats.syncs else "and leaves syncing to a timer of minutes"
    print(f"Ounce syncs before it acknowledges. {Mosquitto.version()} keeps messages in memory and, with `persistence "
          f"true`, writes its file every half hour and at its end. {Nats.version()} writes to its JetStream files "
          f"{nats_syncs}.")
    for profile in wanted.profiles:
        print_table(profile, rounds, [Ounce.name, Mosquitto.name, Nats.name, LIMIT, SQLITE])
    if wanted.json:
        wanted.json.write_text(json.dumps([{f"{p}: {name}": run for (p, name), run in told.items()}
                                           for told in rounds], indent=1) + "\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
