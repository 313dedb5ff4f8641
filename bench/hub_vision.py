#!/usr/bin/env python3
"""The hub's vision routes: uploading photographs, training, and classifying beside the bare engine.

    hub_vision.py BUILD [--photographs 500] [--side 1600] [--seconds 5] [--rounds 3] [--folder F] [--json FILE]

Run it with .deps/bench/venv/bin/python. Uploads are as the vendor's quickstart makes them, twenty at once, one
photograph a request. Classifying is by 1 and by 16 clients, on connections that they keep; the bare engine is
vision::Classifier in a process of its own with the very package that the hub trained, one thread a client of it.
The client (bench_http_load, one thread) and the hub share the processors.
"""

import argparse
import io
import json
import os
import shutil
import ssl
import statistics
import subprocess
import sys
import threading
import time
import urllib.parse
import urllib.request
import zipfile
from pathlib import Path

import train_rate
from hub_servers import HOST, Ounce

TRAINING = "/customvision/v3.3/Training"
PREDICTION = "/customvision/v3.1/Prediction"
AT_ONCE = 20
CLIENTS = [1, 16]
DIFFERENT = 100  # photographs to classify
TRAINING_PATIENCE_S = 600
POLL_S = 0.2


class Project:
    """A project on the hub, spoken to with the training key."""

    def __init__(self, hub: Ounce):
        self.hub, self.connection = hub, hub.connection()
        self.header = {"Training-Key": hub.made["trainingKey"]}
        self.path = f"{TRAINING}/projects/" + self.ask("POST", f"{TRAINING}/projects?name=bench")["id"]

    def ask(self, method: str, path: str):
        return self.hub.ask(self.connection, method, path, headers=self.header)

    def tag(self, name: str) -> str:
        return self.ask("POST", f"{self.path}/tags?name={urllib.parse.quote(name)}")["id"]

    def train(self) -> str:
        iteration = f"{self.path}/iterations/" + self.ask("POST", f"{self.path}/train")["id"]
        began = time.monotonic()
        while (status := self.ask("GET", iteration)["status"]) != "Completed":
            if status == "Failed" or time.monotonic() - began > TRAINING_PATIENCE_S:
                raise RuntimeError(f"the training is {status}")
            threading.Event().wait(POLL_S)
        return iteration

    def package(self, iteration: str, folder: Path) -> Path:
        export = self.ask("POST", f"{iteration}/export?platform=Ounce")
        while export["status"] != "Done":
            threading.Event().wait(POLL_S)
            export = self.ask("GET", f"{iteration}/export")[0]
        context = ssl.create_default_context(cafile=str(self.hub.certificates.ca))
        with urllib.request.urlopen(export["downloadUri"], context=context) as answer:
            zipfile.ZipFile(io.BytesIO(answer.read())).extractall(folder)
        return folder


def post(build: Path, hub: Ounce, requests: list, key: str, options: list) -> dict:
    """`requests`: (path, file)."""
    listed, headers = hub.folder / "requests.tsv", hub.folder / "headers.txt"
    listed.write_text("".join(f"{path}\t{file}\n" for path, file in requests))
    headers.touch(0o600)
    headers.write_text(key + "\n")
    done = subprocess.run([build / "bin/bench_http_load", "--host", HOST, "--port", str(hub.https), "--ca",
                           hub.certificates.ca, "--requests", listed, "--header-file", headers,
                           "--form", "imageData", *options], capture_output=True, text=True, check=False)
    if done.returncode != 0:
        raise RuntimeError(done.stderr)
    return json.loads(done.stdout)


def bare(build: Path, package: Path, pictures: Path, threads: int, seconds: float) -> dict:
    done = subprocess.run([build / "bin/bench_classify", package, pictures, str(threads), str(seconds)],
                          capture_output=True, text=True, check=False)
    if done.returncode != 0:
        raise RuntimeError(done.stderr)
    return json.loads(done.stdout)


def one_round(build: Path, folder: Path, pictures: Path, rows: list, wanted, number: int) -> dict:
    told = {}
    with Ounce.start(build, folder / f"hub-{number}") as hub:
        project = Project(hub)
        tags = {name: project.tag(name) for name in sorted({tag for _, tag in rows})}
        told["upload"] = post(build, hub, [(f"{project.path}/images?tagIds={tags[tag]}", pictures / file)
                                           for file, tag in rows],
                              f"Training-Key: {hub.made['trainingKey']}",
                              ["--clients", str(AT_ONCE), "--must-hold", '"isBatchSuccessful":true'])
        began = time.monotonic()
        iteration = project.train()
        told["train_seconds"] = time.monotonic() - began
        project.ask("POST", f"{iteration}/publish?publishName=bench&predictionId=bench")
        package = project.package(iteration, folder / f"package-{number}")
        route = f"{PREDICTION}/{project.path.rsplit('/', 1)[1]}/classify/iterations/bench/image"
        some = folder / "some"
        runs = [(f"hub, {clients}", lambda clients=clients: post(
            build, hub, [(route, file) for file in sorted(some.iterdir())],
            f"Prediction-Key: {hub.made['predictionKey']}",
            ["--clients", str(clients), "--seconds", str(wanted.seconds), "--must-hold", '"probability"']))
            for clients in CLIENTS]
        runs += [(f"bare, {clients}", lambda clients=clients: bare(build, package, some, clients, wanted.seconds))
                 for clients in CLIENTS]
        for name, run in runs[number % len(runs):] + runs[:number % len(runs)]:
            told[name] = run()
            print(f"round {number + 1}: {name}: {told[name]['per_s']:.1f}/s", file=sys.stderr)
    return told


def photographs(folder: Path, count: int, side_px: int) -> list:
    """Rows (file, tag) of photographs in `folder`, which are made once."""
    listed = folder / "list.json"
    if not listed.exists():
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir(parents=True)
        rows = train_rate.make_pictures(folder, count, side_px)
        listed.write_text(json.dumps(rows))
    return json.loads(listed.read_text())


def spread(values: list, digits: int = 1) -> str:
    return f"{statistics.median(values):.{digits}f} ({min(values):.{digits}f} to {max(values):.{digits}f})"


def print_tables(rounds: list, megabytes: float) -> None:
    uploads = [told["upload"] for told in rounds]
    print(f"| uploading {uploads[0]['requests']} photographs, {AT_ONCE} at once | median (least to most) |\n|---|---|")
    print(f"| seconds | {spread([run['seconds'] for run in uploads])} |")
    print(f"| photographs a second | {spread([run['per_s'] for run in uploads], 0)} |")
    print(f"| MB a second | {spread([megabytes / run['seconds'] for run in uploads])} |")
    for part in ("p50", "p99"):
        print(f"| one photograph, {part}, ms | {spread([run['latency_ms'][part] for run in uploads])} |")
    print(f"| training on them over the API, seconds | {spread([told['train_seconds'] for told in rounds])} |")
    print("\n| classifying | pictures/s, median (least to most) | of the bare engine, median | p50 ms | p99 ms |\n"
          "|---|---|---|---|---|")
    for clients in CLIENTS:
        for name, what in (("bare", f"bare engine, {clients} thread{'s' if clients > 1 else ''}"),
                           ("hub", f"hub, {clients} client{'s' if clients > 1 else ''}")):
            runs = [told[f"{name}, {clients}"] for told in rounds]
            ratio = statistics.median(told[f"{name}, {clients}"]["per_s"] / told[f"bare, {clients}"]["per_s"]
                                      for told in rounds)
            times = " | ".join(f"{statistics.median(run['latency_ms'][part] for run in runs):.1f}"
                               for part in ("p50", "p99"))
            print(f"| {what} | {spread([run['per_s'] for run in runs])} | {ratio:.0%} | {times} |")


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("build", type=Path)
    parser.add_argument("--photographs", type=int, default=500)
    parser.add_argument("--side", type=int, default=1600, help="pixels")
    parser.add_argument("--seconds", type=float, default=5)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--folder", type=Path, help="BUILD/bench-hub if not given")
    parser.add_argument("--json", type=Path)
    wanted = parser.parse_args()
    build = wanted.build.resolve()
    folder = (wanted.folder or build / "bench-hub").resolve()

    pictures = build / f"bench-photographs/{wanted.photographs}-{wanted.side}"
    rows = photographs(pictures, wanted.photographs, wanted.side)
    megabytes = sum((pictures / file).stat().st_size for file, _ in rows) / 1e6
    shutil.rmtree(folder, ignore_errors=True)
    some = folder / "some"
    some.mkdir(parents=True)
    for file, _ in rows[:DIFFERENT]:
        shutil.copy(pictures / file, some)
    rounds = [one_round(build, folder, pictures, rows, wanted, number) for number in range(wanted.rounds)]
    shutil.rmtree(folder)
    print(f"photographs of {wanted.side}x{wanted.side} px, {megabytes / len(rows):.2f} MB each, {wanted.rounds} rounds, "
          f"{os.cpu_count()} processors\n")
    print_tables(rounds, megabytes)
    if wanted.json:
        wanted.json.write_text(json.dumps(rounds, indent=1) + "\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
